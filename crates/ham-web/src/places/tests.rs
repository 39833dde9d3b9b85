use std::net::Ipv4Addr;

use futures_util::FutureExt as _;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// All from one address.
async fn full(most: usize) -> (Places, Vec<Place>) {
    let mut places = Places::new(most);
    let mut taken = Vec::new();
    for _ in 0..most {
        taken.push(places.take(HERE).await.unwrap());
    }
    (places, taken)
}

fn leaves(place: &Place) -> bool {
    place.standing().is_to_leave().now_or_never().is_some()
}

/// Which of them makes room for a newcomer that then gives up.
fn next(places: &mut Places, taken: &[Place]) -> Option<usize> {
    match places.take(HERE).now_or_never() {
        None => Some(taken.iter().position(leaves).unwrap()),
        Some(refused) => {
            assert!(refused.is_none());
            None
        }
    }
}

fn ask(place: &Place) {
    let standing = place.standing();
    assert!(standing.begin());
    standing.answered();
    standing.sent();
}

/// A client that had asked once kept its place: two hundred of them shut everybody else out for thirty seconds.
#[tokio::test]
async fn who_has_asked_makes_room_once_it_is_answered_and_who_is_busy_does_not() {
    let (mut places, mut taken) = full(4).await;
    taken.iter().for_each(ask);
    assert!(taken[3].standing().make_known() && taken[3].standing().begin());
    assert!(taken[1].standing().begin(), "it asks again");
    // Not idle yet: its answer is not sent.
    assert!(taken[0].standing().begin());
    taken[0].standing().answered();
    let mut newcomer = Box::pin(places.take(HERE));
    assert!(newcomer.as_mut().now_or_never().is_none());
    assert!(taken.iter().map(leaves).eq([false, false, true, false]));
    assert!(!taken[2].standing().make_known(), "what it says now comes too late");
    assert!(taken[2].standing().leave() && !taken[2].standing().begin());
    drop(taken.remove(2));
    let newcomer = newcomer.await.unwrap();
    assert!(newcomer.standing().begin());
    assert!(places.take(HERE).await.is_none(), "all are busy");
    taken[0].standing().sent();
    assert_eq!(next(&mut places, &taken), Some(0));
}

#[tokio::test]
async fn the_one_that_is_idle_longest_goes_first_and_who_showed_a_credential_last() {
    let (mut places, mut taken) = full(3).await;
    ask(&taken[0]);
    assert!(taken[1].standing().begin());
    taken[1].standing().show_credential();
    taken[1].standing().answered();
    taken[1].standing().sent();
    assert_eq!(next(&mut places, &taken), Some(2), "it has been idle since it came");
    assert!(taken[2].standing().begin());
    assert_eq!(next(&mut places, &taken), Some(0));
    assert!(taken[0].standing().begin());
    assert_eq!(next(&mut places, &taken), Some(1), "nobody else is left");
    assert!(taken[1].standing().begin());
    assert_eq!(next(&mut places, &taken), None);
    // The last request counts: this one showed no credential.
    taken[1].standing().answered();
    taken[1].standing().sent();
    assert_eq!(taken[1].standing().idle().map(|(is_credible, _)| is_credible), Some(false));
    drop(taken.pop());
    assert!(places.take(HERE).now_or_never().unwrap().is_some());
}

/// Otherwise clients that have just come would have no time to ask.
#[tokio::test]
async fn newcomers_do_not_only_make_room_for_each_other() {
    let (mut places, mut taken) = full(8).await;
    for place in &taken {
        assert!(place.standing().begin());
        place.standing().show_credential();
        place.standing().answered();
        place.standing().sent();
    }
    for _ in 0..2 {
        assert_eq!(next(&mut places, &taken), Some(0));
        drop(taken.remove(0));
        taken.push(places.take(HERE).await.unwrap());
    }
    // The third newcomer takes the place of the third; after that newcomers take each other's.
    assert_eq!(next(&mut places, &taken), Some(0));
    drop(taken.remove(0));
    taken.push(places.take(HERE).await.unwrap());
    assert_eq!(next(&mut places, &taken), Some(5));
}

/// The worst order: it asks after it was chosen, and before its connection is closed.
#[tokio::test]
async fn whoever_asks_just_as_it_is_chosen_is_served_and_another_makes_room() {
    let (mut places, mut taken) = full(2).await;
    let mut newcomer = Box::pin(places.take(HERE));
    assert!(newcomer.as_mut().now_or_never().is_none());
    assert!(leaves(&taken[0]) && taken[0].standing().begin());
    assert!(!taken[0].standing().leave());
    assert!(newcomer.as_mut().now_or_never().is_none());
    assert!(!leaves(&taken[0]) && leaves(&taken[1]));
    drop(taken.pop());
    assert!(newcomer.await.is_some());
}

#[tokio::test]
async fn an_address_that_has_more_than_half_of_the_places_makes_room_first() {
    let mut places = Places::new(4);
    let mut taken = vec![places.take([192, 0, 2, 1].into()).await.unwrap()];
    for last in 1..=3 {
        let same_network = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
        taken.push(places.take(same_network.into()).await.unwrap());
    }
    assert_eq!(next(&mut places, &taken), Some(1), "the first has been idle longer");
    drop(taken.remove(1));
    taken.push(places.take([192, 0, 2, 2].into()).await.unwrap());
    assert_eq!(next(&mut places, &taken), Some(0), "two of four are not more than half");
}

#[tokio::test]
async fn whoever_has_gone_is_not_waited_for_and_not_kept() {
    let mut places = Places::new(1);
    for number in 0..1_000_u32 {
        drop(places.take(Ipv4Addr::from_bits(number).into()).await.unwrap());
        assert!(places.taken.len().max(places.networks.len()) <= FEW + 3);
    }
    let here = places.take(HERE).await.unwrap();
    let mut next = Box::pin(places.take(HERE));
    assert!(next.as_mut().now_or_never().is_none());
    drop(here);
    assert!(next.now_or_never().unwrap().is_some());
}

#[test]
fn a_network_of_version_6_is_one_address() {
    let of = |text: &str| network(text.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}

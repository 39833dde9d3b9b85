//! The route to a conductor: names, addresses, and what becomes of a stream.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::conductor::{ADMIN_PORT, Conductor, Socket};
use super::socket;
use crate::dice::Stream;
use crate::event::Happened;
use crate::net::{Dialled, Fault, LanePlan, LinkPlan, Router};
use crate::swarm::Swarm;
use crate::time::spawn;
use crate::world::Count;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
/// An address of the same name that swallows packets.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

/// Fewer bytes than an upgrade has, in either direction.
const UPGRADE: u64 = 120;

impl Router for Conductor {
    fn resolve(&self, _host: &str, port: u16) -> Vec<SocketAddr> {
        let here = SocketAddr::new(HERE, port);
        let dial = self.world.next(Count::Names);
        let mut dice = self.world.stream("name", dial);
        if !self.world.is_healed() && self.world.swarm.two_addresses.hits(&mut dice) {
            let nowhere = SocketAddr::new(NOWHERE, port);
            return vec![nowhere, here];
        }
        vec![here]
    }

    fn plan(&self, process: u32, address: SocketAddr) -> LinkPlan {
        let admin = address.port() == ADMIN_PORT;
        self.world.note(Happened::Dial { process, admin });
        let swallowed = address.ip() == NOWHERE;
        let mut dice = self.world.stream("link", self.world.next(Count::Dials));
        if swallowed || self.world.is_healed() {
            return LinkPlan { swallowed, ..LinkPlan::default() };
        }
        planned(&self.world.swarm, &mut dice)
    }

    /// Leads a stream to one of its ports; `false` if none listens there.
    fn accept(&self, address: SocketAddr, dialled: Dialled) -> bool {
        let port = address.port();
        let Some(me) = self.me.upgrade() else { return false };
        let number = u32::try_from(self.world.next(Count::Sockets)).unwrap_or(u32::MAX);
        let mut state = self.lock();
        let listens =
            port == ADMIN_PORT || state.store.interfaces.iter().any(|interface| interface.port == port);
        if !state.up || !listens {
            return false;
        }
        // Its dial began while things went wrong.
        if self.world.is_healed() {
            dialled.cut.heal();
        }
        state
            .sockets
            .insert(number, Socket { cut: dialled.cut, window: dialled.window, withheld: 0, signals: None });
        drop(state);
        let window = (port != ADMIN_PORT).then_some(dialled.window);
        if let Some(window) = window {
            self.world.note(Happened::Accepted { socket: number, window });
        }
        let serving = spawn(async move {
            socket::serve(&me, number, window, dialled.end).await;
            me.lock().sockets.remove(&number);
        });
        self.lock().serving.push(serving.abort_handle());
        true
    }
}

fn planned(swarm: &Swarm, dice: &mut Stream) -> LinkPlan {
    LinkPlan {
        dial: if swarm.dial_slow.hits(dice) { dice.between(1, 12_000) } else { 0 },
        refused: swarm.dial_refused.hits(dice),
        swallowed: swarm.dial_swallowed.hits(dice),
        up: lane(swarm, dice),
        down: lane(swarm, dice),
    }
}

fn lane(swarm: &Swarm, dice: &mut Stream) -> LanePlan {
    let mut faults = Vec::new();
    let mut draw = |rate: crate::swarm::Rate, fault: Fault, dice: &mut Stream| {
        if rate.hits(dice) {
            // Most links carry a few kilobytes, of which the handshake is the first.
            let magnitude = dice.between(5, 14);
            faults.push((dice.below(1 << magnitude), fault));
        }
    };
    draw(swarm.link_reset, Fault::Reset, dice);
    draw(swarm.link_fin, Fault::Fin, dice);
    let stall = dice.between(100, 40_000);
    draw(swarm.link_stall, Fault::Stall(stall), dice);
    draw(swarm.link_drip, Fault::Drip, dice);
    draw(swarm.link_hole, Fault::Hole, dice);
    // TCP detects changes on the way; only a middle-box corrupts the upgrade.
    if swarm.link_flip.hits(dice) {
        faults.push((dice.below(UPGRADE), Fault::Flip));
    }
    faults.sort_by_key(|(at, _)| *at);
    let small = swarm.link_small.hits(dice);
    LanePlan {
        capacity: if small { 1 << dice.between(9, 12) } else { 1 << dice.between(13, 18) },
        latency: if swarm.link_slow.hits(dice) { dice.between(1, 400) } else { dice.below(3) },
        yields: u8::try_from(dice.below(4)).unwrap_or(0),
        faults,
    }
}

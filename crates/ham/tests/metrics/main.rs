//! What is recorded of two apps in one process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../fake/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod fake;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ham::metrics::{APP, CALL_SECONDS, CALLS, LINK_UP, LINKS, LINKS_LOST, RESUMED, SIGNAL_GAPS};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use fake::link::{AppLink, Scripted};

/// The values by name and labels.
#[derive(Clone, Default)]
struct Values(Arc<Mutex<BTreeMap<(String, Labels), f64>>>);

type Labels = Vec<(String, String)>;

/// One of them.
struct Value {
    key: Key,
    values: Values,
}

impl Value {
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let labels = self.key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        let mut values = self.values.0.lock().unwrap();
        let value = values.entry((self.key.name().to_owned(), labels.collect())).or_default();
        *value = change(*value);
    }
}

impl CounterFn for Value {
    fn increment(&self, by: u64) {
        self.change(|value| value + f64::from(u32::try_from(by).unwrap()));
    }
    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Value {
    fn increment(&self, _: f64) {}
    fn decrement(&self, _: f64) {}
    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

/// How many were recorded.
impl HistogramFn for Value {
    fn record(&self, _: f64) {
        self.change(|count| count + 1.0);
    }
}

impl Values {
    fn of(&self, key: &Key) -> Arc<Value> {
        Arc::new(Value { key: key.clone(), values: self.clone() })
    }

    fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.0.lock().unwrap().get(&(name.to_owned(), labels)).copied().unwrap_or_default()
    }
}

impl Recorder for Values {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.of(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.of(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.of(key))
    }
}

async fn answered(ham: &ham::PersistentHam, link: &mut AppLink) {
    let answering = async {
        let call = link.call().await;
        link.answer(&call, "here").await;
    };
    let call = ham.call_zome::<_, String>("role", "zome", "function", ());
    assert_eq!(tokio::join!(call, answering).0.unwrap(), "here");
}

/// `ham_link_up` was one gauge for all apps: whose link came or went last had the word.
#[tokio::test]
async fn two_apps_of_a_process_are_told_apart() {
    let values = Values::default();
    let _recording = metrics::set_default_local_recorder(&values);
    let (one, other) = (Scripted::start().await, Scripted::start().await);
    let named = |conductor: &Scripted, app_id: &str| {
        let mut config = conductor.config();
        config.app_id = app_id.to_owned();
        config
    };
    let (one_ham, one_link) = one.connect(named(&one, "one")).await;
    let (other_ham, mut other_link) = other.connect(named(&other, "other")).await;
    let _signals = one_ham.signals();
    answered(&other_ham, &mut other_link).await;
    answered(&other_ham, &mut other_link).await;
    // The call of the first app is cut off once, and answered then.
    let again = async {
        one.cut(one_link, 1).await;
        let mut link = one.link().await;
        let call = link.call().await;
        link.answer(&call, "here").await;
        link
    };
    let call = one_ham.call_zome::<_, String>("role", "zome", "function", ());
    let (answer, _one_link) = tokio::join!(call, again);
    assert_eq!(answer.unwrap(), "here");
    other_ham.close().await;

    let by_app = |name| ["one", "other"].map(|app| values.get(name, &[(APP, app)]));
    assert_eq!(by_app(LINK_UP), [1.0, 0.0]);
    assert_eq!(by_app(LINKS), [2.0, 1.0]);
    assert_eq!(by_app(LINKS_LOST), [1.0, 1.0]);
    assert_eq!(by_app(RESUMED), [1.0, 0.0]);
    assert_eq!(by_app(SIGNAL_GAPS), [1.0, 0.0]);
    assert_eq!(by_app(CALL_SECONDS), [1.0, 2.0]);
    let answered = ["one", "other"].map(|app| values.get(CALLS, &[(APP, app), ("outcome", "answered")]));
    assert_eq!(answered, [1.0, 2.0]);
    let recorded = values.0.lock().unwrap();
    assert!(recorded.keys().all(|(_, labels)| labels[0].0 == APP), "{recorded:?}");
}

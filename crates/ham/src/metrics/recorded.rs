//! Records through the `metrics` facade. Every name is made once, so recording allocates nothing here.

use std::sync::Arc;

use metrics::{Key, Label, Level, Metadata, SharedString};

static METADATA: Metadata<'static> = Metadata::new("ham", Level::INFO, Some("ham::metrics"));

/// The label that every metric of one connection has.
#[derive(Clone, Debug)]
pub(crate) struct App(Label);

impl App {
    pub(crate) fn new(name: &'static str, app_id: &str) -> Self {
        Self(Label::new(name, SharedString::from(Arc::<str>::from(app_id))))
    }

    fn key(&self, name: &'static str) -> Key {
        Key::from_parts(name, vec![self.0.clone()])
    }
}

#[derive(Debug)]
pub(crate) struct Counter(Key);

impl Counter {
    pub(crate) fn new(name: &'static str, app: &App) -> Self {
        Self(app.key(name))
    }

    /// One of several counters with the same name, told apart by a second label.
    pub(crate) fn labelled(name: &'static str, app: &App, label: &'static str, value: &'static str) -> Self {
        let labels = vec![app.0.clone(), Label::from_static_parts(label, value)];
        Self(Key::from_parts(name, labels))
    }

    pub(crate) fn add(&self) {
        metrics::with_recorder(|recorder| recorder.register_counter(&self.0, &METADATA)).increment(1);
    }
}

#[derive(Debug)]
pub(crate) struct Gauge(Key);

impl Gauge {
    pub(crate) fn new(name: &'static str, app: &App) -> Self {
        Self(app.key(name))
    }

    pub(crate) fn set(&self, value: f64) {
        metrics::with_recorder(|recorder| recorder.register_gauge(&self.0, &METADATA)).set(value);
    }
}

#[derive(Debug)]
pub(crate) struct Histogram(Key);

impl Histogram {
    pub(crate) fn new(name: &'static str, app: &App) -> Self {
        Self(app.key(name))
    }

    pub(crate) fn record(&self, value: f64) {
        metrics::with_recorder(|recorder| recorder.register_histogram(&self.0, &METADATA)).record(value);
    }
}

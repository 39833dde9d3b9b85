//! Records nothing: the build lacks the feature `metrics`.

#[derive(Clone, Copy, Debug)]
pub(crate) struct App;

impl App {
    pub(crate) fn new(_name: &'static str, _app_id: &str) -> Self {
        Self
    }
}

#[derive(Debug)]
pub(crate) struct Counter;

impl Counter {
    pub(crate) fn new(_name: &'static str, _app: &App) -> Self {
        Self
    }

    pub(crate) fn labelled(
        _name: &'static str,
        _app: &App,
        _label: &'static str,
        _value: &'static str,
    ) -> Self {
        Self
    }

    pub(crate) fn add(&self) {}
}

#[derive(Debug)]
pub(crate) struct Gauge;

impl Gauge {
    pub(crate) fn new(_name: &'static str, _app: &App) -> Self {
        Self
    }

    pub(crate) fn set(&self, _value: f64) {}
}

#[derive(Debug)]
pub(crate) struct Histogram;

impl Histogram {
    pub(crate) fn new(_name: &'static str, _app: &App) -> Self {
        Self
    }

    pub(crate) fn record(&self, _value: f64) {}
}

//! Spans of a gateway's requests, sent to a collector of OpenTelemetry that the environment names.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::exit::Exit;
use crate::failure::Failure;

/// Either of them names a collector: these are the standard's variables; others of the standard say how spans are sent.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// How long the last spans may take when the process ends.
const FLUSH: Duration = Duration::from_secs(2);

/// Sends spans, bounded: 2,048 wait, and beyond them they are dropped.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// `None` if the environment names no collector. Must be called within a runtime.
    pub(crate) fn from_environment() -> Result<Option<Self>, Failure> {
        let named = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let Some(name) = ENDPOINTS.iter().find(named) else { return Ok(None) };
        if std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let exporter = SpanExporter::builder().with_http().build().map_err(|error| {
            Failure::new(
                Exit::Usage,
                anyhow::Error::new(error).context("cannot send traces"),
                format!("set {name} to the address of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318"),
            )
        })?;
        // The environment's name of the service takes precedence over this one.
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("ham-gateway");
        }
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter, Tokio).build())
            .with_resource(resource.with_attribute(version).build())
            .build();
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Some(Self(provider)))
    }

    /// The layer that hands over the gateway's spans.
    pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let tracer = self.0.tracer("ham-gateway");
        let spans =
            tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        spans.with_filter(Targets::new().with_target("ham_gateway", Level::INFO))
    }

    /// Sends what is left. Blocks for two seconds at most; the runtime must still be running.
    pub(crate) fn flush(self) {
        let (done, ended) = std::sync::mpsc::channel();
        // The collector may hang, and the exporter would wait for it for as long as it likes: so it is left behind.
        std::thread::spawn(move || done.send(self.0.shutdown()));
        match ended.recv_timeout(FLUSH) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces were not sent"),
            Err(_) => tracing::warn!("the last traces were not sent: the collector does not answer"),
        }
    }
}

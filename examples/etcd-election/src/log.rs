//! Reads the application's log, as an operator would.

use crate::mirror::Said;
use interregnum_kernel::Span;
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Where the application's lines come from.
const APPLICATION: &str = concat!(env!("CARGO_CRATE_NAME"), "::app");

/// Hands every line that says something about a reign to whoever listens: the instance's name, and what it said.
pub(crate) struct Reader<F> {
    tell: F,
}

impl<F: Fn(&str, Said) + Send + Sync + 'static> Reader<F> {
    pub(crate) fn new(tell: F) -> Reader<F> {
        Reader { tell }
    }
}

impl<F: Fn(&str, Said) + Send + Sync + 'static> Subscriber for Reader<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::DEBUG && metadata.target() == APPLICATION
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        if let Some(said) = line.means() {
            (self.tell)(&line.name, said);
        }
    }

    // Spans are of no interest.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// One line of the log.
#[derive(Debug, Default)]
struct Line {
    message: String,
    name: String,
    token: Option<u64>,
    good_for_us: Option<u64>,
}

impl Line {
    fn means(&self) -> Option<Said> {
        match self.message.as_str() {
            "leading" => self.token.map(Said::Leads),
            "no longer leading" => Some(Said::LeadsNoLonger),
            "lease renewed" => self.good_for_us.map(|length| Said::Renewed(Span::micros(length))),
            _ => None,
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "name" {
            value.clone_into(&mut self.name);
        }
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        if let Ok(value) = u64::try_from(value) {
            self.record_u64(field, value);
        }
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "token" => self.token = Some(value),
            "good_for_us" => self.good_for_us = Some(value),
            _ => {}
        }
    }
}

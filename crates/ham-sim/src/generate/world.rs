//! What happens to a life from outside.

use std::time::Duration;

use super::Drawn;
use crate::model::Boot;
use crate::net::Severed;
use crate::plan::{Element, WorldEvent};

impl Drawn {
    pub(super) fn world(&mut self) {
        let count = self.dice.stream("events", 0).between(0, 8);
        for event in 0..count {
            let mut stream = self.dice.stream("event", event);
            let at = stream.millis(0, 45_000);
            let event = match stream.weighted(&[36, 30, 8, 3, 2, 8, 6, 5]) {
                0 => WorldEvent::Kill(Boot::drawn(&mut stream)),
                1 => {
                    let how = if stream.percent(70) { Severed::Reset } else { Severed::Silent };
                    WorldEvent::Cut { choice: stream.bits(), how }
                }
                2 => WorldEvent::Disable(stream.millis(10, 8_000)),
                3 => WorldEvent::Reinstall,
                4 => WorldEvent::Revoke,
                5 => WorldEvent::BackUp,
                6 => WorldEvent::Freeze(stream.millis(100, 20_000)),
                _ => {
                    let off = i64::try_from(stream.skewed_millis(120_000).as_millis()).unwrap_or(0);
                    WorldEvent::Jump(if stream.percent(50) { off } else { -off })
                }
            };
            self.elements.push(Element::World { at, event });
        }
        if self.dice.stream("closed", 0).one_in(16) {
            self.elements.push(Element::World { at: Duration::ZERO, event: WorldEvent::CloseChain });
        }
    }
}

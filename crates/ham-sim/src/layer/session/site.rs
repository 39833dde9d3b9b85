//! The network of a life: one host, its addresses, and the peer behind one of them.

use std::net::SocketAddr;

use super::event::Happened;
use super::peer;
use super::stage::Stage;
use super::world::Address;
use crate::net::{Dialled, LinkPlan, Router};
use crate::time::spawn;

pub(super) struct Site {
    stage: Stage,
}

impl Site {
    pub(super) fn new(stage: Stage) -> Self {
        Self { stage }
    }
}

impl Router for Site {
    /// The addresses differ in their ports.
    fn resolve(&self, _: &str, port: u16) -> Vec<SocketAddr> {
        let addresses = self.stage.life.world.addresses.len() as u16;
        (0..addresses).map(|index| SocketAddr::from(([10, 0, 0, 1], port + index))).collect()
    }

    fn plan(&self, _: u32, address: SocketAddr) -> LinkPlan {
        let kind = usize::from(address.port() - PORT);
        let kind = self.stage.life.world.addresses.get(kind).copied().unwrap_or(Address::Refuses);
        LinkPlan {
            dial: self.stage.life.world.up.latency,
            refused: kind == Address::Refuses,
            swallowed: kind == Address::Swallows,
            up: self.stage.life.lane(true),
            down: self.stage.life.lane(false),
        }
    }

    fn accept(&self, _: SocketAddr, dialled: Dialled) -> bool {
        self.stage.note(Happened::Accepted);
        let peer = spawn(peer::serve(self.stage.clone(), dialled));
        self.stage.add_peer(peer.abort_handle());
        true
    }
}

/// The port of the first address.
pub(super) const PORT: u16 = 1_000;

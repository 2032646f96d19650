//! Any octets as a sequence of events against one server: assertions that are sent, abandoned half-way and sent again,
//! steps of the clock, faults of the stores, and clients that come and go. A model knows what may be accepted.
//!
//! What must hold, whatever happens: an assertion is accepted at most once while it is valid; nobody is accepted who is not
//! registered, or while a store is down; and what is good and fresh is accepted where nothing is in the way.
#![no_main]

use std::collections::HashMap;

use countersign::Reason;
use countersign_fuzz::state::{CLIENTS, Fault, JWT_IDS, World};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let world = World::new();
    let mut model = Model::default();
    for event in input.chunks_exact(3).take(200) {
        let &[what, which, how] = event else { continue };
        let (client, jwt_id) = (usize::from(which) % CLIENTS, usize::from(which >> 4) % JWT_IDS);
        match what % 8 {
            0..=3 => model.send(&world, client, jwt_id, how),
            4 => model.abandon(&world, client, jwt_id, how),
            5 => {
                let seconds = i64::from(how as i8);
                world.step(seconds);
                model.stepped_back |= seconds < 0;
            }
            6 => world.fail(match how % 5 {
                0 => Fault::BeforeTheClaim,
                1 => Fault::AfterTheClaim,
                2 => Fault::Full,
                3 => Fault::Registry,
                _ => Fault::None,
            }),
            _ => world.register(client, how % 2 == 0),
        }
    }
});

/// What was sent, by client and `jti`: until when it could be accepted, and what became of it.
#[derive(Default)]
struct Model {
    sent: HashMap<(usize, usize), Sent>,
    stepped_back: bool,
}

#[derive(Clone, Copy)]
struct Sent {
    expires: i64,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Unused,
    /// The request was abandoned, or the reply was lost.
    Unknown,
    Used,
}

impl Model {
    fn send(&mut self, world: &World, client: usize, jwt_id: usize, how: u8) {
        let sent = self.assertion(world, client, jwt_id, how);
        let answer = world.send(client, jwt_id, sent.expires);
        let now = world.now();
        let is_valid = sent.expires + 30 > now;
        match answer {
            Ok(accepted) => {
                assert_eq!(accepted, world.name(client), "somebody else is accepted");
                assert!(world.is_registered(client), "nobody registered is accepted");
                assert!(world.fault() == Fault::None, "accepted while a store fails");
                assert!(sent.state != State::Used, "an assertion is accepted twice");
                assert!(is_valid, "an assertion is accepted after its end");
                self.note(client, jwt_id, State::Used);
            }
            Err(reason) => {
                if world.fault() == Fault::AfterTheClaim
                    && reason == Reason::StoreUnavailable
                    && sent.state == State::Unused
                {
                    self.note(client, jwt_id, State::Unknown);
                }
                let nothing_in_the_way = world.fault() == Fault::None
                    && world.is_registered(client)
                    && sent.state == State::Unused
                    && is_valid
                    && sent.expires <= now + 3600
                    && !self.stepped_back;
                assert!(!nothing_in_the_way, "a good and fresh assertion is refused: {reason:?}");
            }
        }
    }

    /// The request ends after so many polls.
    fn abandon(&mut self, world: &World, client: usize, jwt_id: usize, how: u8) {
        let sent = self.assertion(world, client, jwt_id, how);
        world.abandon(client, jwt_id, sent.expires, usize::from(how % 4));
        if sent.state == State::Unused {
            self.note(client, jwt_id, State::Unknown);
        }
    }

    /// A client sends one assertion for a `jti` until that has expired, and then perhaps another one.
    fn assertion(&mut self, world: &World, client: usize, jwt_id: usize, how: u8) -> Sent {
        let now = world.now();
        let known = self.sent.get(&(client, jwt_id)).copied();
        // The store may remember a little longer than it must.
        let sent = known.filter(|sent| sent.expires + 90 > now || self.stepped_back);
        let sent = sent.unwrap_or(Sent { expires: now + 1 + i64::from(how), state: State::Unused });
        self.sent.insert((client, jwt_id), sent);
        sent
    }

    fn note(&mut self, client: usize, jwt_id: usize, state: State) {
        if let Some(sent) = self.sent.get_mut(&(client, jwt_id)) {
            sent.state = state;
        }
    }
}

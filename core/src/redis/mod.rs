//! Redis and Valkey, as one server or as a cluster: where they are, and one connection to each that is kept alive.
//!
//! [`RedisReplayStore`](crate::replay::RedisReplayStore) and [`RedisThrottle`](crate::throttle::RedisThrottle) stand on
//! it. Behind the feature `redis`; Redis 7.0 or later, Valkey 7.2 or later.

mod answer;
mod dial;
mod health;
mod link;
mod nodes;
mod servers;
mod slots;
mod trouble;

pub(crate) use self::answer::{Answer, is_full};
pub(crate) use self::health::Health;
pub(crate) use self::link::{Admission, Gained};
pub(crate) use self::nodes::Nodes;
pub use self::servers::RedisServers;
pub(crate) use self::slots::{SlotRange, slot};
pub(crate) use self::trouble::Trouble;

//! Which of a cluster's 16,384 slots a key lies in, and who has them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use redis::Value;

use super::servers::Host;

/// Slots that lie side by side.
pub(crate) type SlotRange = RangeInclusive<u16>;

/// CRC-16/XMODEM of the key, or of what stands between its first braces.
pub(crate) fn slot(key: &[u8]) -> u16 {
    let crc = tag(key).iter().fold(0_u16, |crc, octet| {
        (0..8).fold(crc ^ (u16::from(*octet) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

fn tag(key: &[u8]) -> &[u8] {
    let between = || {
        let open = key.iter().position(|octet| *octet == b'{')?;
        let inside = key.get(open + 1..)?;
        let close = inside.iter().position(|octet| *octet == b'}')?;
        inside.get(..close).filter(|tag| !tag.is_empty())
    };
    between().unwrap_or(key)
}

/// Reads the answer to `CLUSTER SLOTS`: the slots of each primary. A node that does not know its own name is the one
/// that was asked.
pub(super) fn read(answer: &Value, asked: &Host) -> Option<Vec<(SlotRange, Host)>> {
    let Value::Array(shards) = answer else { return None };
    let read = |shard: &Value| {
        let Value::Array(shard) = shard else { return None };
        let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = &**shard else { return None };
        let [name, Value::Int(port), ..] = &**primary else { return None };
        let name = match name {
            Value::BulkString(name) if !name.is_empty() && name != b"?" => {
                Arc::from(std::str::from_utf8(name).ok()?)
            }
            _ => Arc::clone(&asked.0),
        };
        let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
        Some((first..=last, (name, u16::try_from(*port).ok()?)))
    };
    shards.iter().map(read).collect()
}

const SLOTS: u16 = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    /// From the specification of Redis Cluster.
    #[test]
    fn slots_are_those_of_redis() {
        assert_eq!(slot(b"123456789"), 0x31C3 % SLOTS);
        assert_eq!(slot(b"{user1000}.following"), slot(b"{user1000}.followers"));
        assert_ne!(slot(b"foo{}{bar}"), slot(b"bar"));
        assert_eq!(slot(b"foo{{bar}}zap"), slot(b"{bar"));
        assert_eq!(slot(b"foo{bar}{zap}"), slot(b"bar"));
    }
}

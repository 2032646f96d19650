//! What the server does in one step.

use redis::{Cmd, Value};

use super::keys::Keys;
use crate::throttle::{Budget, FailureLimits};

/// Another failure, as [`Budget::spend`] counts it, of whoever has not succeeded lately.
pub(super) fn failed(keys: &Keys, limits: &FailureLimits) -> Cmd {
    let mut eval = eval(FAILED, keys);
    for budget in [limits.by_client, limits.by_source] {
        let [interval, tolerance, longest_wait] = micros(budget);
        eval.arg(interval).arg(tolerance.saturating_add(longest_wait));
    }
    eval
}

/// A success, which gives back what the same client failed before.
pub(super) fn succeeded(keys: &Keys, limits: &FailureLimits) -> Cmd {
    let mut eval = eval(SUCCEEDED, keys);
    let intervals = [limits.by_client, limits.by_source].map(|budget| micros(budget)[0].max(1));
    eval.arg(limits.trusts_for.min(LONGEST * 1000) / 1_000_000).arg(intervals[0]).arg(intervals[1]);
    eval
}

/// The answer to `TIME`, in nanoseconds.
pub(super) fn time(answer: &Value) -> Option<u64> {
    let Value::Array(parts) = answer else { return None };
    let [seconds, micros] = &**parts else { return None };
    number(seconds)?.checked_mul(1_000_000)?.checked_add(number(micros)?)?.checked_mul(1000)
}

/// A time under a key, in nanoseconds, if there is one.
pub(super) fn even_at(found: &Value) -> Option<u64> {
    number(found)?.checked_mul(1000)
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::BulkString(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

fn eval(script: &str, keys: &Keys) -> Cmd {
    let mut eval = redis::cmd("EVAL");
    eval.arg(script).arg(3).arg(&keys.trusted).arg(&keys.at_client).arg(&keys.in_all);
    eval
}

fn micros(budget: Budget) -> [u64; 3] {
    budget.parts().map(|nanos| (nanos / 1000).min(LONGEST))
}

/// Ten years, in microseconds. Lua counts exactly to 2^53, and the time of day is 2^51 already.
const LONGEST: u64 = 10 * 365 * 86_400 * 1_000_000;

const FAILED: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 1, 2 do
  local even_at = tonumber(redis.call('GET', KEYS[i + 1]) or 0) or 0
  even_at = math.min(math.max(even_at, now) + ARGV[2 * i - 1], now + ARGV[2 * i])
  local ms = math.ceil((even_at - now) / 1000) + 1
  redis.call('SET', KEYS[i + 1], string.format('%.0f', even_at), 'PX', string.format('%.0f', ms))
end
return 1";

const SUCCEEDED: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if tonumber(ARGV[1]) > 0 then redis.call('SET', KEYS[1], 1, 'PX', ARGV[1]) end
local even_at = tonumber(redis.call('GETDEL', KEYS[2]) or 0) or 0
local in_all = tonumber(redis.call('GET', KEYS[3]) or 0) or 0
if even_at <= now or in_all <= now then return 0 end
in_all = in_all - math.ceil((even_at - now) / ARGV[2]) * ARGV[3]
if in_all <= now then redis.call('DEL', KEYS[3]) return 1 end
local ms = math.ceil((in_all - now) / 1000) + 1
redis.call('SET', KEYS[3], string.format('%.0f', in_all), 'PX', string.format('%.0f', ms))
return 1";

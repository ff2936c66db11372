//! How much work a run may be. Tera has no fuel and no clock is read here, so work is counted: by the bytes and
//! items of what is used, each time it is used. Sources that could do much of it are given counters when they are
//! compiled (`meter`); the others are left as they are, because they cannot.

mod bounded;
mod finite;
mod meter;
mod tokens;

use std::cell::Cell;

use super::complaints::own;
use tera::{Kwargs, State, Tera, Value};

pub(super) use finite::finite;
pub(super) use meter::{Metered, meter};
pub(super) use tokens::{Token, tokens};

/// Units of work of one run: a byte or so each, at some twenty nanoseconds in the worst case.
pub(super) const BUDGET: u64 = 2_000_000;

/// What using a value costs at the least.
const USE: u64 = 16;

/// Lists in lists go so deep at most: deeper ones cannot be walked through, nor dropped.
const MAX_DEPTH: u8 = 32;

/// Counts a value that is used.
const WEIGH: &str = "__weigh";
/// Counts the turns of a loop over a value; `by` are the bytes of what is done in each.
const TURNS: &str = "__turns";

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// Begins a run that may cost so much.
pub(super) fn begin(budget: u64) {
    LEFT.set(budget);
}

/// Takes the cost of something from what is left.
pub(super) fn charge(cost: u64) -> Result<(), tera::Error> {
    match LEFT.get().checked_sub(cost) {
        Some(left) => {
            LEFT.set(left);
            Ok(())
        }
        None => Err(own("this is too much work: loops inside loops, or long texts that are used very often")),
    }
}

pub(super) fn register(tera: &mut Tera) {
    bounded::register(tera);
    finite::register(tera);
    tera.register_filter(WEIGH, |value: &Value, _: Kwargs, _: &State| {
        weigh(value, MAX_DEPTH)?;
        Ok::<Value, tera::Error>(value.clone())
    });
    tera.register_filter(TURNS, |value: &Value, kwargs: Kwargs, _: &State| {
        let by: u64 = kwargs.must_get("by")?;
        let turns = value.as_str().map(str::len).or_else(|| value.len()).unwrap_or_default();
        charge((turns as u64).saturating_mul(by.saturating_add(USE)))?;
        Ok::<Value, tera::Error>(value.clone())
    });
}

/// Charges all that is in a value, as far as anything is left.
fn weigh(value: &Value, depth: u8) -> Result<(), tera::Error> {
    charge(USE + value.as_str().map_or(0, str::len) as u64)?;
    if value.as_array().is_none() && value.as_map().is_none() {
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(own("lists are nested too deeply"));
    };
    if let Some(items) = value.as_array() {
        items.iter().try_for_each(|item| weigh(item, depth))?;
    }
    match value.as_map() {
        Some(map) => map.values().try_for_each(|item| weigh(item, depth)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

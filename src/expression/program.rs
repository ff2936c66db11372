//! Compiled sources under names, and what they may use.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use rustc_hash::FxBuildHasher;
use tera::{Kwargs, State, Tera, Value};

use super::calls::Filter;
use super::complaints::own;
use super::source::KEEP;
use super::work::Metered;
use super::{filters, plain, work};

/// The most items `range` may yield in one evaluation, all its loops together: Tera has no fuel, so they
/// are bounded here.
const MAX_RANGE: i64 = 10_000;

thread_local! {
    pub(super) static RANGED: Cell<usize> = const { Cell::new(0) };
    pub(super) static KEPT: RefCell<Value> = RefCell::new(Value::none());
}

/// Compiled sources under names, with the filters sendplan offers.
#[derive(Clone)]
pub struct Program {
    pub(super) tera: Tera,
    /// Those of the sources that are plain.
    pub(super) values: HashMap<String, plain::Expr, FxBuildHasher>,
    pub(super) texts: HashMap<String, plain::Template, FxBuildHasher>,
    /// Those of the sources that have counters of work.
    pub(super) metered: HashMap<String, Metered, FxBuildHasher>,
    /// Units of work of one run.
    pub(super) budget: u64,
    /// The filters that are told their options by name.
    pub(super) filters: Vec<&'static Filter>,
    /// Those of them that a source applies.
    pub(super) applied: HashSet<&'static str, FxBuildHasher>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.tera.get_template_names()).finish()
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

impl Program {
    /// An empty program.
    pub fn new() -> Self {
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<&str>::new());
        filters::register(&mut tera);
        work::register(&mut tera);
        tera.register_filter(KEEP, |value: &Value, _: Kwargs, _: &State| {
            KEPT.with_borrow_mut(|kept| *kept = value.clone());
            String::new()
        });
        tera.register_function("range", bounded_range);
        let filters = filters::WORDS.iter().collect();
        Self {
            tera,
            values: HashMap::default(),
            texts: HashMap::default(),
            metered: HashMap::default(),
            budget: work::BUDGET,
            filters,
            applied: HashSet::default(),
        }
    }

    /// An empty program for what goes to gateways and comes from them, of which there is far more at once than of a
    /// person: bodies of a thousand messages, answers of a megabyte.
    pub fn of_exchanges() -> Self {
        Self { budget: work::BUDGET * 32, ..Self::new() }
    }

    /// Adds a filter of somebody above; sources that use it are added after it.
    pub fn offer(&mut self, filter: &'static Filter) {
        filters::hand_over(&mut self.tera, filter);
        self.filters.push(filter);
    }

    /// Whether a source applies this filter, one of [`Program::offer`]'s.
    pub fn applies(&self, filter: &str) -> bool {
        self.applied.contains(filter)
    }
}

fn bounded_range(kwargs: Kwargs, _: &State) -> Result<Vec<i64>, tera::Error> {
    let start = kwargs.get::<i64>("start")?.unwrap_or(0);
    let end = kwargs.must_get::<i64>("end")?;
    let step = kwargs.get::<i64>("step_by")?.unwrap_or(1);
    if step < 1 || end.saturating_sub(start) / step.max(1) > MAX_RANGE {
        return Err(own(format!("range yields at most {MAX_RANGE} items, in steps of at least 1")));
    }
    let items: Vec<i64> = (start..end).step_by(usize::try_from(step).unwrap_or(1)).collect();
    RANGED.set(RANGED.get() + items.len().max(1));
    if RANGED.get() > usize::try_from(MAX_RANGE).unwrap_or(0) {
        return Err(own(format!("the loops of one text take at most {MAX_RANGE} steps")));
    }
    Ok(items)
}

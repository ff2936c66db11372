//! What every store must do, written once. An implementation says how it is opened ([`Harness`]) and
//! takes all of it with `contract!`.

mod books;
mod claims;
mod control;
mod decisions;
mod given;
mod listing;
mod pinning;
mod prune;

/// A test for each clause of the contract.
macro_rules! contract {
    ($harness:ty, $($name:ident),+ $(,)?) => {
        $(#[test] fn $name() { $crate::store::contract::$name::<$harness>(); })+
    };
    ($harness:ty) => {
        contract!(
            $harness,
            a_pinned_run_reads_back_as_given,
            texts_are_counted_apart_also_when_a_run_is_pruned,
            an_occurrence_is_pinned_once,
            a_pin_that_is_dropped_leaves_nothing,
            a_recipient_is_in_a_run_once,
            parts_of_a_text_stand_together,
            a_part_is_in_a_run_once,
            claims_keep_equal_texts_together,
            claims_go_on_after_a_key_and_skip_what_is_not_pending,
            a_commit_is_all_or_nothing,
            a_commit_takes_intents_and_outcomes_together,
            attempts_ids_and_reasons_are_kept,
            recovery_makes_unknowns_of_intents,
            an_unknown_message_keeps_its_text,
            a_shared_text_lives_until_its_last_message,
            finishing_waits_for_what_is_open,
            runs_do_not_mix,
            many_runs_are_known_by_their_occurrences_and_their_sums,
            people_go_by_clocks_and_some_by_none,
            lists_are_paged_and_filtered,
            opt_outs_are_kept_with_their_rejection,
            contacts_are_whoever_may_have_been_reached,
            unknowns_come_with_their_texts,
            receipts_lie_over_accepted_messages,
            what_awaits_a_receipt_is_paged,
            ids_are_found_in_every_run,
            what_is_not_there_is_named,
            a_decision_and_its_changes_are_one,
            a_second_copy_is_told_from_a_first_one,
            a_pruned_run_keeps_its_counts_and_whom_it_reached,
            an_empty_run_is_pruned_too,
            the_stronger_hold_stays,
            a_pause_outlives_a_cancellation_where_the_campaign_goes_on,
            what_is_waited_for_is_seen_from_beside,
            news_are_what_was_said_since,
            opt_outs_say_who_told_us,
            any_interleaving_keeps_the_books,
        );
    };
}
pub(crate) use contract;

pub use crate::store::contract::books::any_interleaving_keeps_the_books;
pub use crate::store::contract::claims::*;
pub use crate::store::contract::control::*;
pub use crate::store::contract::decisions::*;
pub use crate::store::contract::given::*;
pub use crate::store::contract::listing::*;
pub use crate::store::contract::pinning::*;
pub use crate::store::contract::prune::*;

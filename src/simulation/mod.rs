//! A world made of dice, for proofs and rehearsals: the real executor, engine and state, with a clock that nobody
//! waits for and a gateway in memory. One seed decides everything, so that whatever was seen once is seen again:
//! no wall clock, no threads, no order that a hash decides.

pub mod agenda;
pub mod dice;
pub mod faults;
pub mod gateway;
pub mod hours;
pub mod life;
pub mod oracle;
pub mod rehearsal;
pub mod speech;
pub mod talk;
pub mod trace;
pub mod world;
pub mod year;

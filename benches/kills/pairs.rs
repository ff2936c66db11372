//! Two senders begun at once on one state: one sends, the other one is told who does.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::dice::{self, Dice};
use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said, said, signal};

const MESSAGES: u32 = 40;

pub fn run(pairs: u64, dice: &mut Dice) {
    let began = Instant::now();
    let mut taken_up = 0;
    for number in 1..=pairs {
        dice::now(&format!("pair number {number}"));
        taken_up += u64::from(pair(dice));
    }
    println!("two senders begun at once, {pairs} times, in {:.0} s", began.elapsed().as_secs_f64());
    println!("  {:<22}0", "both sent");
    println!("  {:<22}{pairs} of {pairs}", "exit code 7, by name");
    println!("  {:<22}0 of {}", "accepted twice", u64::from(MESSAGES) * pairs);
    println!("  {:<22}{taken_up}", "after a kill");
}

/// Both begin at once, half of the times on the state of a killed one. Answers whether it was such a state.
fn pair(dice: &mut Dice) -> bool {
    let gateway = Loopback::with(|request| (request.send == 0).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), MESSAGES);
    let killed = dice.one_in(2);
    if killed {
        let mut first = project.start();
        gateway.until_waiting(1);
        signal(first.id(), "KILL");
        first.wait().unwrap();
    }
    let mut both = [project.start(), {
        let until = Instant::now() + Duration::from_micros(dice.below(3_000));
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        project.start()
    }];
    let second = first_to_end(&mut both);
    let [one, other] = both;
    let (loser, winner) = if second == 0 { (one, other) } else { (other, one) };
    let pid = winner.id();
    let refused: Said = said(loser.wait_with_output().unwrap());
    gateway.release();
    let sent = said(winner.wait_with_output().unwrap());
    assert_eq!((refused.code, sent.code), (7, 0), "{refused:?}\n{sent:?}");
    assert!(refused.err.contains(&format!("process {pid}")), "it was {pid}: {refused:?}");
    assert_eq!(gateway.accepted_once(), u64::from(MESSAGES));
    project.status().is(&[("accepted", u64::from(MESSAGES)), ("unknown", 0)]);
    killed
}

fn first_to_end(both: &mut [Child; 2]) -> usize {
    loop {
        if let Some(at) = both.iter_mut().position(|one| one.try_wait().unwrap().is_some()) {
            return at;
        }
        std::thread::park_timeout(Duration::from_micros(500));
    }
}

//! The long run of kills: real processes, real files, a gateway on loopback.
//! `cargo bench --bench kills [-- --kills 1000 --stops 100 --pairs 200 --messages 3000 --batch 20 --concurrency 64
//! --seed N]`
//!
//! `kill -9` at moments spread over the whole life of a sender, half of them with single messages and half with
//! batches; then SIGTERM; then two senders begun at once. After every kill the books must balance and no more may be
//! unknown than the program says may be in flight; at the end nobody was accepted twice and everybody is accounted
//! for. A broken law panics with the seed, the number of the life and its moment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    dead_code
)]

use std::time::{Duration, Instant};

#[path = "kills/dice.rs"]
mod dice;
#[path = "../tests/it/loopback.rs"]
mod loopback;
#[path = "kills/pairs.rs"]
mod pairs;
#[path = "../tests/it/project.rs"]
mod project;
#[path = "kills/round.rs"]
mod round;

use dice::Dice;
use round::{Moment, Round, Shape};

/// What the command line says.
struct Numbers {
    kills: u64,
    stops: u64,
    pairs: u64,
    messages: u64,
    batch: u64,
    concurrency: u16,
    seed: u64,
}

impl Numbers {
    fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
        let mut numbers = Self {
            kills: 1000,
            stops: 100,
            pairs: 200,
            messages: 3000,
            batch: 20,
            concurrency: 64,
            seed: Dice::fresh(),
        };
        for pair in words.chunks(2) {
            let [name, value] = pair else { panic!("`{}` needs a number", pair[0]) };
            let number: u64 = value.parse().unwrap_or_else(|_| panic!("`{value}` is no number"));
            match name.as_str() {
                "--kills" => numbers.kills = number,
                "--stops" => numbers.stops = number,
                "--pairs" => numbers.pairs = number,
                "--messages" => numbers.messages = number,
                "--batch" => numbers.batch = number,
                "--concurrency" => numbers.concurrency = u16::try_from(number).unwrap(),
                "--seed" => numbers.seed = number,
                other => panic!("no option `{other}`"),
            }
        }
        numbers
    }
}

/// What many lives came to.
#[derive(Default)]
struct Sum {
    lives: u64,
    by_moment: [u64; Moment::ALL.len()],
    older: u64,
    runs: u64,
    messages: u64,
    most: u64,
    unknown: u64,
    had_accepted: u64,
    before_sending: u64,
    finished: u64,
}

fn main() {
    let numbers = Numbers::read();
    dice::tell_on_panic();
    println!("seed {}, {} requests at once\n", numbers.seed, numbers.concurrency);
    let shape =
        |batch: u64| Shape { messages: numbers.messages * batch.div_ceil(4), batch, ..Shape::of(&numbers) };
    let mut dice = Dice::of(numbers.seed);
    for (kills, batch) in [(numbers.kills.div_ceil(2), 1), (numbers.kills / 2, numbers.batch)] {
        let shape = shape(batch);
        let began = Instant::now();
        let sum = lives("KILL", kills, &shape, &mut dice);
        tell_kills(&sum, &shape, began.elapsed());
    }
    let shape = shape(1);
    let began = Instant::now();
    let sum = lives("TERM", numbers.stops, &shape, &mut dice);
    tell_stops(&sum, began.elapsed());
    pairs::run(numbers.pairs, &mut dice);
}

impl Shape {
    fn of(numbers: &Numbers) -> Self {
        Self { messages: numbers.messages, batch: 1, concurrency: numbers.concurrency }
    }
}

/// Rounds, each a campaign from its beginning to its end, until so many lives were ended by this signal.
fn lives(signal: &str, wanted: u64, shape: &Shape, dice: &mut Dice) -> Sum {
    const MOST_A_ROUND: u64 = 25;
    let mut sum = Sum::default();
    while sum.lives < wanted {
        let mut round = Round::begin(shape, dice);
        sum.runs += 1;
        sum.messages += shape.messages;
        for _ in 0..MOST_A_ROUND.min(wanted - sum.lives) {
            let moment = round.choose(dice);
            dice::now(&format!("{signal} number {}, {moment:?}", sum.lives + 1));
            let Some(ended) = round.live(signal, moment, dice) else { break };
            sum.lives += 1;
            sum.by_moment[moment as usize] += 1;
            sum.older += u64::from(ended.older);
            sum.most = sum.most.max(ended.fresh);
            sum.before_sending += u64::from(ended.before_sending);
            sum.finished += u64::from(ended.finished);
        }
        dice::now("the end of a round");
        let (unknown, had_accepted) = round.finish();
        sum.unknown += unknown;
        sum.had_accepted += had_accepted;
    }
    sum
}

fn moments(sum: &Sum) -> String {
    let words =
        Moment::ALL.iter().zip(sum.by_moment).map(|(moment, count)| format!("{} {count}", moment.words()));
    words.collect::<Vec<_>>().join(", ")
}

fn row(name: &str, text: &str) {
    println!("  {name:<22}{text}");
}

fn tell_kills(sum: &Sum, shape: &Shape, took: Duration) {
    let kind =
        if shape.batch == 1 { "single messages".to_owned() } else { format!("batches of {}", shape.batch) };
    println!("kill -9, {} times, {kind}, in {:.0} s", sum.lives, took.as_secs_f64());
    row("moments", &moments(sum));
    row("in an older state", &sum.older.to_string());
    row("accepted twice", "0");
    row("unaccounted for", &format!("0 of {} messages in {} runs", sum.messages, sum.runs));
    let mean = sum.unknown as f64 / sum.lives.max(1) as f64;
    row(
        "unknown after a kill",
        &format!("{} at most, {mean:.1} on average; {} may be", sum.most, shape.window()),
    );
    row("unknown in the end", &format!("{}, of which the gateway had {}", sum.unknown, sum.had_accepted));
    println!();
}

fn tell_stops(sum: &Sum, took: Duration) {
    println!("SIGTERM, {} times, single messages, in {:.0} s", sum.lives, took.as_secs_f64());
    row("moments", &moments(sum));
    row("unknown", "0");
    row("unaccounted for", &format!("0 of {} messages in {} runs", sum.messages, sum.runs));
    let in_order = sum.lives - sum.before_sending - sum.finished;
    row("exit code 4", &in_order.to_string());
    row("exit code 0, finished", &sum.finished.to_string());
    row("before anything", &format!("{} ended by the signal itself, with nothing sent", sum.before_sending));
    println!();
}

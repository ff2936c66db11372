//! Sending with the journal on, beside the same client with nothing behind it that records, beside requests in a bare
//! loop, and beside `oha` where it is installed: `cargo bench --bench send [-- MESSAGES CONCURRENCY]`. Only the ratios
//! mean anything. The gateway is the sandbox in a process of its own; where there are three processors or more, it has
//! the last one to itself and the client the others, as a gateway has a machine of its own: what the client spends must
//! not come out of the gateway's pocket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sendplan::audience::{AddressKind, Suppression};
use sendplan::campaign::Delivery;
use sendplan::delivery::access::Credential;
use sendplan::delivery::engine::{End, Engine, Now, Order};
use sendplan::delivery::message::{Batch, Claimed, MessageKey, Parcel};
use sendplan::delivery::state::State;
use sendplan::executor::live::Live;
use sendplan::executor::{Driven, Happening, World, execute};
use sendplan::provider::{Class, Profile, Token};
use sendplan::store::journal::{Journal, Recorded};
use sendplan::store::sqlite::{OpenMode, Sqlite};
use sendplan::store::{Excluded, NewRun, PinnedClock, PinnedMessage, RunId, Store};
use sendplan::world::clock::Clock;
use sendplan::world::gateway::Gateway;
use sendplan::world::http::{Http, HttpOptions};
use sendplan::world::lists::Lists;
use sendplan::world::sandbox::Sandbox;
use sendplan::world::signals::{Ends, Signals};
use sendplan::world::threads;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 15;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|one| one.parse().ok()).collect();
    if std::env::args().any(|one| one == "gateway") {
        return serve();
    }
    let messages = numbers.first().copied().unwrap_or(50_000);
    let concurrency = numbers.get(1).copied().unwrap_or(64);
    let server = Server::start();
    keep_to(Part::Client);
    let gateway = Arc::new(client(&server.url));
    let runtime = threads::start().unwrap();
    println!(
        "{messages} personalised messages, {concurrency} requests at once; the middle one of {ROUNDS} rounds"
    );
    let rounds: Vec<Round> = (0..ROUNDS)
        .map(|_| Round {
            bare: runtime.block_on(in_a_loop(&gateway, messages, concurrency)),
            unrecorded: runtime.block_on(with_engine(&gateway, messages, concurrency, false)),
            recorded: runtime.block_on(with_engine(&gateway, messages, concurrency, true)),
        })
        .collect();
    let journal = compare(&rounds, messages);
    match oha(&gateway, &runtime, messages, concurrency) {
        Some(load) => println!(
            "oha                        {load:>8.0} requests/s   send is {:.1} % of it",
            journal / load * 100.0
        ),
        None => println!("oha                        not installed"),
    }
}

/// The same messages in three ways, right after each other: the machine's own speed changes more between rounds than
/// what is measured.
struct Round {
    bare: Cost,
    unrecorded: Cost,
    recorded: Cost,
}

/// Prints what the rounds took, and answers with the rate of the middle one with the journal on.
fn compare(rounds: &[Round], messages: usize) -> f64 {
    let middle = |of: fn(&Round) -> &Cost| {
        let mut costs: Vec<&Cost> = rounds.iter().map(of).collect();
        costs.sort_by_key(|cost| cost.wall);
        costs[costs.len() / 2]
    };
    let share = |of: fn(&Round) -> &Cost| {
        let ratio = |round: &Round| of(round).wall.as_secs_f64() / round.recorded.wall.as_secs_f64() * 100.0;
        let mut ratios: Vec<f64> = rounds.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        format!("{:.1} % ({:.1} to {:.1})", ratios[ratios.len() / 2], ratios[0], ratios[ratios.len() - 1])
    };
    println!("send, journal on           {}", middle(|round| &round.recorded).shown(messages));
    println!(
        "same client, no journal    {}   the journal leaves {}",
        middle(|round| &round.unrecorded).shown(messages),
        share(|round| &round.unrecorded)
    );
    println!(
        "requests in a loop         {}   send is {}",
        middle(|round| &round.bare).shown(messages),
        share(|round| &round.bare)
    );
    rate(messages, middle(|round| &round.recorded).wall)
}

/// What a round took: the wall's time, and this process's on processors, by thread. The latter is little disturbed by
/// whatever else the machine does.
struct Cost {
    wall: Duration,
    threads: Vec<(&'static str, Duration)>,
}

impl Cost {
    /// Of one round; `before` is [`processor_time`] at its beginning.
    fn of(wall: Duration, before: &[(&'static str, Duration)]) -> Self {
        let spent = |&(name, after): &(&'static str, Duration)| {
            let earlier = before.iter().find(|one| one.0 == name).map_or(Duration::ZERO, |one| one.1);
            (name, after.saturating_sub(earlier))
        };
        Self { wall, threads: processor_time().iter().map(spent).collect() }
    }

    fn shown(&self, messages: usize) -> String {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / messages as f64;
        let threads = self.threads.iter().filter(|one| !one.1.is_zero());
        let threads: Vec<_> = threads.map(|(name, time)| format!("{name} {:.1}", each(*time))).collect();
        format!(
            "{:>8.0} requests/s   {} µs of processors each",
            rate(messages, self.wall),
            threads.join(" + ")
        )
    }
}

/// The processor time of this process's threads so far, by what they do (`/proc/self/task`, in hundredths of seconds).
fn processor_time() -> Vec<(&'static str, Duration)> {
    let mut sums = [("requests", 0), ("engine", 0), ("journal", 0)];
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        let Some((head, tail)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<u64> = tail.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
        let name = head.split_once('(').map_or("", |(_, name)| name);
        let place = if name.starts_with("tokio") { 0 } else { 1 + usize::from(name == "journal") };
        sums[place].1 += fields.iter().sum::<u64>();
    }
    sums.map(|(name, ticks)| (name, Duration::from_millis(ticks * 10))).to_vec()
}

fn rate(messages: usize, took: Duration) -> f64 {
    messages as f64 / took.as_secs_f64()
}

/// Who of us has which processors.
enum Part {
    Client,
    Gateway,
}

/// Keeps this process and its threads to come to its processors, where the system lets it choose.
fn keep_to(part: Part) {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let mut ours = sched_getaffinity(None).unwrap();
        let Some(last) = (0..CpuSet::MAX_CPU).rev().find(|one| ours.is_set(*one)) else { return };
        if ours.count() < 3 {
            return;
        }
        match part {
            Part::Client => ours.unset(last),
            Part::Gateway => {
                ours = CpuSet::new();
                ours.set(last);
            }
        }
        sched_setaffinity(None, &ours).unwrap();
    }
}

/// The sandbox by itself, until its input closes.
fn serve() {
    keep_to(Part::Gateway);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let profile = profile();
    let sandbox = runtime.block_on(async { Sandbox::start(&profile) }).unwrap();
    println!("{}", sandbox.url());
    let _ = std::io::stdin().read_line(&mut String::new());
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("gateway")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn profile() -> Profile {
    Profile::builtin("mobiconnect").unwrap().unwrap().with_batch_max(1).unwrap()
}

fn client(url: &str) -> Gateway {
    let profile = profile().with(Some(url), &serde_json::Map::new()).unwrap();
    Gateway {
        run: "bench once".to_owned(),
        secrets: profile.sandbox_secrets(),
        profile: Arc::new(profile),
        sender: serde_json::json!(1),
        http: Http::new(&HttpOptions::default()).unwrap(),
        clock: Clock::start(),
        gauges: None,
    }
}

fn text(number: usize) -> String {
    format!(
        "Hi customer {number}, our spring sale starts on Saturday: 20% off in every branch. Reply STOP to opt out."
    )
}

fn address(number: usize) -> String {
    format!("+2547{number:08}")
}

async fn in_a_loop(gateway: &Arc<Gateway>, messages: usize, concurrency: usize) -> Cost {
    let token = Arc::new(gateway.authenticate(Credential::Login, None).await.unwrap());
    let next = Arc::new(AtomicUsize::new(0));
    let (before, began) = (processor_time(), Instant::now());
    let workers: Vec<_> = (0..concurrency)
        .map(|_| {
            let (gateway, token, next) = (Arc::clone(gateway), Arc::clone(&token), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= messages {
                        return;
                    }
                    let batch = Batch {
                        number: number as u64,
                        parcels: vec![Parcel::new(claimed(number))],
                        closes: None,
                    };
                    let answer = gateway.send(&batch, Some(&token)).await;
                    assert_eq!(answer.reading.verdicts[0].class, Class::Accepted);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    Cost::of(began.elapsed(), &before)
}

/// The program's own way: the engine decides, and the journal records or, without it, everything counts as recorded.
async fn with_engine(gateway: &Arc<Gateway>, messages: usize, concurrency: usize, record: bool) -> Cost {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut store = Sqlite::open(&folder.path().join("state.db"), OpenMode::Create).unwrap();
    let run = pin(&mut store, if record { messages } else { 1 });
    let delivery = Delivery { concurrency: u16::try_from(concurrency).unwrap(), ..Delivery::default() };
    let kind = AddressKind::Phone { region: None };
    let clock = gateway.clock;
    let (before, began) = (processor_time(), Instant::now());
    let mut engine =
        Engine::new(Arc::clone(&gateway.profile), delivery, Suppression::default(), kind, clock.now());
    let journal = Journal::start(store, run).unwrap();
    let lists = Lists::watch(Vec::new(), Vec::new(), kind, String::new());
    let ends = Ends::Signals(Signals::new().unwrap());
    let mut live = Live::new(journal, Arc::clone(gateway), lists, clock, ends);
    let delivery = tokio::spawn(async move {
        let driven = if record {
            execute(&mut engine, &mut live, &mut |_, _| {}).await.unwrap()
        } else {
            let mut world = Unrecorded { live, messages, recorded: None };
            let driven = execute(&mut engine, &mut world, &mut |_, _| {}).await.unwrap();
            live = world.live;
            driven
        };
        (driven, engine.tally().accepted, live.into_journal())
    });
    let (driven, accepted, journal) = delivery.await.unwrap();
    let cost = Cost::of(began.elapsed(), &before);
    assert!(matches!(driven, Driven::Ended(End::Finished)), "{driven:?}");
    assert_eq!(accepted, messages as u64);
    let counts = journal.close().unwrap().counts(run).unwrap();
    assert_eq!(counts.of(State::Accepted), if record { messages as u64 } else { 0 });
    cost
}

/// The live world without its journal: what is to be recorded is dropped and counts as durable at once, and the next
/// messages are made up.
struct Unrecorded {
    live: Live<Sqlite>,
    messages: usize,
    recorded: Option<Recorded>,
}

impl World for Unrecorded {
    fn now(&self) -> Now {
        self.live.now()
    }

    fn commit(&mut self, order: Order) {
        let claimed = order.claim.map(|claim| {
            let first = claim.after.map_or(0, |key| key.seq as usize);
            (first..self.messages.min(first + claim.most)).map(claimed).collect()
        });
        self.recorded = Some(Recorded { claimed, news: None });
    }

    fn authenticate(&mut self, credential: Credential, token: Option<Arc<Token>>) {
        self.live.authenticate(credential, token);
    }

    fn send(&mut self, batch: Arc<Batch>, token: Option<Arc<Token>>) {
        self.live.send(batch, token);
    }

    async fn happening(&mut self, until: Option<Duration>) -> Happening {
        match self.recorded.take() {
            Some(recorded) => Happening::Durable(Ok(recorded)),
            None => self.live.happening(until).await,
        }
    }
}

fn claimed(number: usize) -> Claimed {
    let address: Arc<str> = address(number).into();
    let place = number as i64 + 1;
    Claimed {
        key: MessageKey { text: place, seq: place },
        recipient: Arc::clone(&address),
        address,
        text: text(number).into(),
        segments: 1,
        part: None,
        attempts: 0,
        second_copy: false,
        clock: None,
    }
}

fn pin(store: &mut Sqlite, messages: usize) -> RunId {
    let run = NewRun {
        campaign: "bench".to_owned(),
        occurrence: "once".to_owned(),
        pinned: "{}".to_owned(),
        created_at_ms: 1_767_225_600_000,
    };
    let mut pinning = store.pin(&run).unwrap();
    for number in 0..messages {
        let (address, text) = (address(number), text(number));
        pinning
            .add(&PinnedMessage {
                recipient: &address,
                address: &address,
                text: &text,
                segments: 1,
                part: None,
                clock: PinnedClock::Campaign,
                wording: None,
            })
            .unwrap();
    }
    pinning.seal("", &Excluded::default()).unwrap()
}

/// The same request by a load generator that does nothing else.
fn oha(
    gateway: &Gateway,
    runtime: &tokio::runtime::Runtime,
    messages: usize,
    concurrency: usize,
) -> Option<f64> {
    use sendplan::provider::{self, Member};
    let token = runtime.block_on(gateway.authenticate(Credential::Login, None)).unwrap();
    let (address, text) = (address(7), text(7));
    let members =
        [Member { id: &address, address: &address, text: &text, key: "", encoding: "gsm7", part: None }];
    let batch = provider::Batch {
        members: &members,
        sender: &gateway.sender,
        now: gateway.clock.now().utc,
        expires_at: None,
    };
    let request = gateway.profile.build_send(&batch, &gateway.secrets, Some(&token)).unwrap();
    let mut command = Command::new("oha");
    command.args([
        "--no-tui",
        "-n",
        &messages.to_string(),
        "-c",
        &concurrency.to_string(),
        "-m",
        request.method.as_str(),
    ]);
    command.args(["-d", std::str::from_utf8(&request.body).unwrap(), "-T", "application/json"]);
    for (name, value) in &request.headers {
        command.args(["-H", &format!("{name}: {}", value.expose())]);
    }
    let output = command.arg(&request.url).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.trim().starts_with("Requests/sec"))?;
    line.split_whitespace().last()?.parse().ok()
}

//! The rehearsal of a large campaign: people in twelve zones, a window by their own clocks, five requests in a hundred
//! that go wrong, crashes, three days. Beside it the same people at the same rate by one clock, which takes them a week,
//! because only the ratio means something elsewhere. The gateway is one that takes batches and is told when they expire:
//! those of one request close together. `cargo bench --bench rehearse -- [ROWS [RATE]]`, a million if nothing is said; the
//! rate is in messages an hour, and a batch is never more than goes out in a second. Fails where what must be true is not,
//! where two rehearsals differ in a byte, and where one takes longer than ten minutes.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and tells"
)]
#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that fails should stop")]

use std::fs::{File, read_to_string};
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// After so long nobody waits any more.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(20);
const FAULTS: &str = "429:2%,timeout:1%,reset:1%,5xx:1%,crash:5";
/// From the first clock on earth to almost the last.
const ZONES: [&str; 12] = [
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Africa/Nairobi",
    "Africa/Cairo",
    "Europe/Berlin",
    "Europe/London",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Los_Angeles",
];

fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<u64>().ok());
    let rows = numbers.next().unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    recipients(folder.path(), rows);
    // As many in an hour as are through in three days.
    let rate = numbers.next().unwrap_or(rows / 70).max(1);
    println!("{rows} people in {} zones, {rate} an hour, {FAULTS}", ZONES.len());
    let window = "window: { from: \"09:00\", to: \"20:00\"";
    campaign(folder.path(), "one", "", &format!("timezone: UTC\n  {window} }}"), rate);
    let theirs = format!("timezone: recipient\n  {window}, timezone: recipient }}");
    campaign(folder.path(), "theirs", ", timezone: tz", &theirs, rate);
    let one = rehearse(folder.path(), "one");
    one.tell("by one clock", None);
    let theirs = rehearse(folder.path(), "theirs");
    theirs.tell("by their own clocks", Some(&one));
    let again = rehearse(folder.path(), "theirs");
    again.tell("the same again", Some(&one));
    assert!(theirs.out == again.out, "the same rehearsal twice, and not the same bytes");
    println!("twice the same {} bytes", theirs.out.len());
}

fn recipients(folder: &Path, rows: u64) {
    let path = folder.join("campaigns/recipients.csv");
    std::fs::create_dir_all(folder.join("campaigns")).expect("a folder");
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    writeln!(file, "phone,name,tz").expect("room on the disk");
    for row in 0..rows {
        // Neighbours are in different zones, and no zone has a name of its own.
        let zone = ZONES[usize::try_from(row * 7919 / 13 % 12).unwrap_or(0)];
        writeln!(file, "+25471{row:07},Name{},{zone}", row % 1009).expect("room on the disk");
    }
    file.flush().expect("room on the disk");
}

fn campaign(folder: &Path, name: &str, column: &str, schedule: &str, rate: u64) {
    let manifest = format!(
        "version: 1\nname: {name}\nprovider: sinch\nsender: ACME\n\
         audience: {{ csv: ../recipients.csv, address: phone{column} }}\nmessage: {{ text: \"Hi {{{{ name }}}}\" }}\n\
         schedule:\n  at: 2026-12-01T09:00\n  {schedule}\ndelivery: {{ rate: {rate}/h }}\n"
    );
    let folder = folder.join("campaigns").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("campaign.yaml"), manifest).expect("room on the disk");
}

/// What a rehearsal came to, and what it cost.
struct Rehearsed {
    out: String,
    took: Duration,
    /// Of all threads.
    cpu: Duration,
    peak_kb: u64,
}

fn rehearse(folder: &Path, name: &str) -> Rehearsed {
    let (campaign, began) = (format!("campaigns/{name}"), Instant::now());
    let arguments = ["rehearse", &campaign, "--fault", FAULTS, "--format", "json"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_sendplan"))
        .args(arguments)
        .current_dir(folder)
        .env("CI", "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut stdout = child.stdout.take().expect("its output");
    let reader = thread::spawn(move || {
        let mut out = String::new();
        stdout.read_to_string(&mut out).map(|_| out)
    });
    let (cpu, peak_kb) = watch(&mut child, began);
    let took = began.elapsed();
    let status = child.wait().expect("an end");
    let out = reader.join().expect("a reader").expect("its output");
    assert!(status.success(), "{name} ended with {status}: {out}");
    Rehearsed { out, took, cpu, peak_kb }
}

/// Looks at the process until it is over: its processor time, and the most memory that was resident.
fn watch(child: &mut Child, began: Instant) -> (Duration, u64) {
    let of = |what: &str| read_to_string(format!("/proc/{}/{what}", child.id())).unwrap_or_default();
    let mut peak = 0;
    loop {
        let status = of("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kb.unwrap_or(0));
        // Behind the name, which may hold anything: the state, and twelve fields on the processor time.
        let stat = of("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        if matches!(fields.first(), None | Some(&"Z")) {
            let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
            return (Duration::from_millis((ticks(11) + ticks(12)) * 10), peak);
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it takes longer than {} s", PATIENCE.as_secs());
        }
        thread::sleep(LOOK);
    }
}

impl Rehearsed {
    fn requests(&self) -> u64 {
        let report: Value = serde_json::from_str(&self.out).expect("a report");
        report["requests"].as_u64().unwrap_or(0)
    }

    fn tell(&self, what: &str, beside: Option<&Self>) {
        let report: Value = serde_json::from_str(&self.out).expect("a report");
        let of = |what: &str| report[what].as_u64().unwrap_or(0);
        let days = |what: &str| report[what].as_str().unwrap_or("nothing").to_owned();
        let cpu = self.cpu.as_secs_f64();
        let requests = of("requests");
        let beside = beside.map(|other| {
            let ratio = requests as f64 / other.requests().max(1) as f64;
            format!(
                ", {:.2} x one clock in processors and {ratio:.2} x in requests",
                cpu / other.cpu.as_secs_f64()
            )
        });
        println!(
            "{what:<20} {:>7.1} s, {cpu:.1} s of processors{}, {:.1} us a message, peak {} MB",
            self.took.as_secs_f64(),
            beside.unwrap_or_default(),
            cpu * 1e6 / of("planned").max(1) as f64,
            self.peak_kb / 1024,
        );
        println!(
            "{:<20} {} accepted, {} unknown, {} requests, {} crashes, {} waits, {} to {}",
            "",
            of("accepted"),
            of("unknown"),
            requests,
            of("crashes"),
            of("window_waits"),
            days("first_at"),
            days("last_at"),
        );
        let proofs = report["proofs"].as_array().expect("proofs");
        assert!(proofs.iter().all(|proof| proof["holds"] == true), "{proofs:?}");
        assert_eq!(report["ended"], "finished");
    }
}

//! The time of a whole plan beside that of merely reading the file, in one run on one machine, because
//! only the ratio means something elsewhere. `cargo bench --bench plan -- [ROWS…]`. Memory is that of a process of its own
//! that makes one plan, with the program's allocator.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and tells"
)]
#![expect(clippy::expect_used, reason = "a measurement that fails should stop")]

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sendplan::audience::{AddressKind, Dialect, Header, Region, Rules, Suppression};
use sendplan::message::{Names, Template};
use sendplan::plan::{Input, Recipe, Totals, run_files};

mod generate;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TEMPLATE: &str = "Dear {{ first_name }}, your balance at {{ vars.shop }} in {{ city }} is KES \
                        {{ balance }}, due on {{ due }}. Reply STOP to opt out.";

fn main() {
    if let Some(path) = std::env::var_os(ONCE) {
        let path = Path::new(&path);
        let totals = plan(path, &recipe(path, TEMPLATE), 4);
        return println!("one plan alone, 4 workers: {} messages, peak {}", totals.messages, peak_memory());
    }
    let mut sizes: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    if sizes.is_empty() {
        sizes.push(1_000_000);
    }
    let times: Vec<Duration> = sizes.iter().map(|rows| measured(*rows)).collect();
    for (rows, time) in sizes.iter().zip(&times).skip(1) {
        let (more, longer) = (*rows as f64 / sizes[0] as f64, time.as_secs_f64() / times[0].as_secs_f64());
        println!("{more} x the rows, 4 workers: {longer:.2} x the time");
    }
}

/// Measures plans of so many rows; answers what that of nothing but text and columns takes with four workers.
fn measured(rows: u64) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recipients.csv");
    let mut file = BufWriter::new(File::create(&path).expect("a file"));
    generate::recipients(rows, &mut file).and_then(|()| file.flush()).expect("room on the disk");
    drop(file);
    let bytes = path.metadata().expect("a file").len();
    println!("{rows} rows, {bytes} bytes ({} a row)", bytes / rows.max(1));

    naive(folder.path(), rows);
    let (bare, _) = best(|| bare_pass(&path));
    println!("bare csv::ByteRecord pass {:>8.3} s", bare.as_secs_f64());
    let mut of_columns = Duration::ZERO;
    for (name, template) in [
        ("with a condition", format!("{TEMPLATE}{{% if city == \"Nairobi\" %}} Visit us.{{% endif %}}")),
        ("text and columns", TEMPLATE.to_owned()),
    ] {
        let recipe = recipe(&path, &template);
        for threads in [1, 2, 4] {
            let (time, totals) = best(|| plan(&path, &recipe, threads));
            let ratio = time.as_secs_f64() / bare.as_secs_f64();
            println!(
                "plan, {name}, {threads} workers {:>8.3} s, {ratio:.2} x bare, {:.0} rows/s; {} messages",
                time.as_secs_f64(),
                rows as f64 / time.as_secs_f64(),
                totals.messages,
            );
            of_columns = time;
        }
    }
    let own = std::env::current_exe().expect("this program");
    let alone = Command::new(own).env(ONCE, &path).output().expect("one plan alone");
    print!("{}", String::from_utf8_lossy(&alone.stdout));
    of_columns
}

/// Names the file of which a process of its own makes one plan.
const ONCE: &str = "PLAN_OF";

/// The same by a script in Python, where Python and its packages are there: on the first rows only, because it is slow.
fn naive(folder: &Path, rows: u64) {
    const SHARE: u64 = 5;
    let path = folder.join("first.csv");
    let mut file = BufWriter::new(File::create(&path).expect("a file"));
    generate::recipients(rows / SHARE, &mut file).and_then(|()| file.flush()).expect("room on the disk");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/naive.py");
    let said = Command::new("python3").arg(script).arg(&path).output();
    let Some(said) = said.ok().filter(|said| said.status.success()) else {
        return println!("a script in Python: not measured (pip install phonenumbers jinja2)");
    };
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let script: f64 = said.split(' ').nth(2).and_then(|time| time.parse().ok()).expect("seconds");
    let recipe = recipe(&path, TEMPLATE);
    let (ours, totals) = best(|| plan(&path, &recipe, 4));
    println!(
        "a script in Python, {} rows: {said}; plan, 4 workers: {} messages {:.3} s; {:.0} x as fast",
        rows / SHARE,
        totals.messages,
        ours.as_secs_f64(),
        script / ours.as_secs_f64(),
    );
}

fn best<T>(mut measured: impl FnMut() -> T) -> (Duration, T) {
    let mut once = || {
        let start = Instant::now();
        let value = measured();
        (start.elapsed(), value)
    };
    let mut all = [once(), once(), once()];
    all.sort_by_key(|(time, _)| *time);
    let [first, ..] = all;
    first
}

fn bare_pass(path: &Path) -> u64 {
    let mut reader = csv::Reader::from_path(path).expect("a file");
    let mut record = csv::ByteRecord::new();
    let mut bytes = 0;
    while reader.read_byte_record(&mut record).expect("a good file") {
        bytes += record.as_slice().len() as u64;
    }
    bytes
}

fn recipe(path: &Path, template: &str) -> Recipe {
    let header = Header::read(File::open(path).expect("a file")).expect("a header");
    let mut vars = serde_json::Map::new();
    vars.insert("shop".to_owned(), "Acme".into());
    Recipe {
        wordings: Template::compile(template, &Names::of("bench", header.columns(), &vars))
            .expect("a template")
            .into(),
        rules: Rules {
            address: header.index("phone").expect("a column"),
            id: header.index("customer_id"),
            kind: AddressKind::Phone { region: Some(Region::KE) },
            timezone: None,
            locale: None,
            types: None,
            filter: None,
            sample: None,
            header,
        },
        suppression: Suppression::default(),
        reference: Default::default(),
        cost: None,
        locates: false,
    }
}

fn plan(path: &Path, recipe: &Recipe, threads: usize) -> Totals {
    let threads = NonZeroUsize::new(threads).expect("at least one");
    let file = File::open(path).expect("a file");
    let bytes = file.metadata().ok().map(|file| file.len());
    let input = Input { name: "the file".into(), reader: file, dialect: Dialect::PLAIN, bytes };
    run_files(vec![input], recipe, threads, &mut |_| Ok::<(), Infallible>(())).expect("a plan")
}

/// The most memory that was resident so far.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}

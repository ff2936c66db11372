//! A file of recipients for measuring: the same bytes for the same number of rows, on every machine.

use std::io::{self, Write};

/// The header of [`recipients`].
pub const HEADER: &str = "customer_id,phone,first_name,city,balance,due,notes";

/// A small generator (SplitMix64): the file must not change when a library's does.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

const NAMES: [&str; 8] = ["Amina", "Baraka", "Chipo", "Dafina", "Ekene", "Fadhili", "Gathoni", "Hodari"];
const CITIES: [&str; 6] = ["Nairobi", "Mombasa", "Kampala", "Arusha", "Kumasi", "Eldoret"];
const NOTES: [&str; 4] = ["renewed last year", "asks for a call", "prefers the morning", "paid in full"];

/// Writes `rows` rows of about 90 bytes: mobile numbers of four countries, half of them as people
/// there write them in Kenya and half with country code; 2% cannot be read, 1% are second copies.
pub fn recipients(rows: u64, out: &mut impl Write) -> io::Result<()> {
    let mut random = Random(7);
    let mut last = "0712000000".to_owned();
    writeln!(out, "{HEADER}")?;
    for row in 0..rows {
        let phone = match random.below(100) {
            0 => "0712".to_owned(),
            1 => "2.547E+11".to_owned(),
            2 => last.clone(),
            _ => number(row, &mut random),
        };
        let (name, city) = (random.pick(&NAMES), random.pick(&CITIES));
        let (shillings, day) = (random.below(100_000), 1 + random.below(28));
        let note = random.pick(&NOTES);
        writeln!(out, "cust-{row:08},{phone},{name},{city},{shillings}.50,2026-12-{day:02},{note} no reply")
            .map(|()| last = phone)?;
    }
    Ok(())
}

/// A number nobody else in the file has.
fn number(row: u64, random: &mut Random) -> String {
    match random.below(8) {
        0 => format!("+25677{:07}", row % 10_000_000),
        1 => format!("+25575{:07}", row % 10_000_000),
        2 => format!("+23324{:07}", row % 10_000_000),
        3 => format!("+25471{:07}", row % 10_000_000),
        4 => format!("0720 {:03} {:03}", row / 1000 % 1000, row % 1000),
        _ => format!("071{:07}", row % 10_000_000),
    }
}

//! Segments against what the calculator of a gateway says of 5,100 texts: `segments/table.mjs` wrote the table.

use sendplan::message::segments::{Encoding, measure};
use unicode_segmentation::UnicodeSegmentation;

use crate::loopback::Loopback;
use crate::project::Project;

/// The parts of a text whose clusters of characters (a flag, a family, a letter and its accent) are kept together, as
/// that calculator does; phones join the parts before anybody reads them, and gateways cut between code points.
fn of_whole_clusters(text: &str, encoding: Encoding) -> u16 {
    let (single, several) = match encoding {
        Encoding::Gsm7 => (160, 153),
        Encoding::Ucs2 => (70, 67),
    };
    let units = |text: &str| measure_as(text, encoding);
    if units(text) <= single {
        return u16::from(!text.is_empty());
    }
    let mut parts = vec![0];
    for cluster in text.graphemes(true) {
        let size = units(cluster);
        match parts.last_mut() {
            Some(filled) if *filled + size <= several => *filled += size,
            _ => parts.push(size),
        }
    }
    u16::try_from(parts.len()).unwrap()
}

fn measure_as(text: &str, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Gsm7 => measure(text).units as usize,
        Encoding::Ucs2 => text.encode_utf16().count(),
    }
}

#[test]
fn every_text_is_counted_as_in_the_table() {
    let (mut rows, mut clusters, mut wrong) = (0, 0, Vec::new());
    for row in include_str!("segments/table.jsonl").lines() {
        let (text, encoding, units, parts): (String, String, u32, u16) = serde_json::from_str(row).unwrap();
        let ours = measure(&text);
        let name = if ours.encoding == Encoding::Gsm7 { "GSM-7" } else { "UCS-2" };
        rows += 1;
        if (name, ours.units) != (&*encoding, units) {
            wrong.push(format!("{row}\n  ours: {ours:?}"));
        } else if ours.parts != parts {
            if of_whole_clusters(&text, ours.encoding) != parts {
                wrong.push(format!("{row}\n  ours: {ours:?}"));
            }
            clusters += 1;
        }
    }
    assert!(rows >= 5_000, "{rows} rows");
    assert!(
        wrong.is_empty(),
        "{} of {rows} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    // The only differences there are, and there are some: the table reaches them.
    assert!((1..rows / 20).contains(&clusters), "{clusters} of {rows} differ by clusters");
}

/// People whose names GSM-7 has, could spell, and could not; the text has a typographer's apostrophe.
fn odd_letters(url: &str, more: &str) -> Project {
    let project = Project::empty();
    let prices = "cost: { currency: KES, per: segment, prices: { \"254\": \"0.80\" } }";
    let text = format!(
        "message:\n  text: \"Hi {{{{ name }}}}, don’t miss {}\"\n{more}",
        "our sale in all shops ".repeat(3)
    );
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: mobiconnect, base_url: \"{url}\", {prices} }}\nsender: 1\n\
             audience: {{ csv: r.csv, address: phone }}\n{text}"
        ),
    );
    project.write(
        "campaigns/c/r.csv",
        "phone,name\n+254712345601,Ann\n+254712345602,Иван\n+254712345603,Zoë\n+254712345604,Wanjirũ\n+254712345605,❤️\n",
    );
    project
}

#[test]
fn fault_56_each_character_is_named_with_its_column_its_price_and_a_cheaper_spelling() {
    let project = odd_letters("http://127.0.0.1:1", "");
    insta::assert_snapshot!("odd_letters", project.run(&["plan", "campaigns/c"]).out);
    let plan = project.run(&["plan", "campaigns/c", "--format", "json"]).out;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let alphabet = &plan["alphabet"];
    assert_eq!((alphabet["spellable"].as_u64(), alphabet["segments"].as_u64()), (Some(3), Some(3)));
    assert_eq!(alphabet["cost"], "2.40 KES");
    assert_eq!(alphabet["characters"][0]["code"], "U+2019");
    assert_eq!(alphabet["characters"][0]["column"], serde_json::Value::Null);
}

#[test]
fn fault_56_texts_are_spelled_in_gsm7_when_that_is_asked() {
    let gateway = Loopback::start();
    let project = odd_letters(&gateway.url(), "  transliterate: gsm7\n");
    insta::assert_snapshot!("odd_letters_in_gsm7", project.run(&["plan", "campaigns/c"]).out);
    assert!(project.run(&["preview", "campaigns/c"]).out.contains("Hi Ann, don't miss"));
    assert_eq!(project.send().code, 0);
    let got = |digits: &str| gateway.text_of(digits).unwrap();
    assert!(got("254712345604").starts_with("Hi Wanjiru, don't"), "{}", got("254712345604"));
    // What cannot be spelled as a whole stays as it was written.
    assert!(got("254712345602").starts_with("Hi Иван, don’t"), "{}", got("254712345602"));
}

#[test]
fn a_gateway_with_wide_references_has_less_room_in_each_part() {
    let profile = |bits: &str| {
        let shared = include_str!("profiles/shared.yaml");
        shared.replacen("  batch:", &format!("  {bits}\n  batch:"), 1)
    };
    let plan = |bits: &str| {
        let project = Project::with_profile(&profile(bits), "http://127.0.0.1:1", 1, 1, "");
        let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
        project.write("campaigns/c/campaign.yaml", &manifest.replace("Hello all", &"x".repeat(306)));
        let said = project.run(&["plan", "campaigns/c", "--format", "json"]);
        let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
        plan["segments"].as_u64()
    };
    assert_eq!((plan("reference_bits: 8"), plan("reference_bits: 16")), (Some(2), Some(3)));
}

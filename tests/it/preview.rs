//! Previews: every branch of the texts is shown, and the page for those who approve a campaign.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::project::{Project, Said};

/// What nobody is called, and what nothing must come of.
pub const EVIL: [&str; 5] = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "O'Brien \"Bo\" & Co",
    "\u{202e}live\u{202c}",
    "\u{2028}<!--",
];

const MANIFEST: &str = "\
version: 1
name: spring-sale
provider: mobiconnect
sender: 1
audience: { csv: r.csv, address: phone, region: KE, id: id, locale: lang, timezone: zone }
message:
  variants:
    - name: warm
      locales: { en: en.txt, sw: sw.txt, default: en }
    - name: brief
      text: \"{{ name }}: sale on Monday.{% if card %} Bring your card.{% endif %} STOP to opt out\"
schedule:
  at: 2027-03-20T09:00
  timezone: recipient
delivery: { rate: 10/s }
";

const EN: &str = "\
Hi {{ name }}, our spring sale starts on Monday at all branches, from nine in the morning on.
{% if card == 'gold' %}As a gold member you get in an hour before.
{%- elif card == 'platinum' %}Champagne is waiting.
{%- elif card %}Your card counts double.
{%- else %}Join our club.
{%- endif %} {% include 'stop.txt' %}
";

/// Two variants, one of them in two languages, with branches also in a snippet; so many people in three zones, of whom the
/// first have names that are no names, and the last rows are no messages.
pub fn project(people: usize) -> Project {
    let project = Project::empty();
    project.write("campaigns/c/campaign.yaml", MANIFEST);
    project.write("campaigns/c/en.txt", EN);
    project.write(
        "campaigns/c/sw.txt",
        "Habari {{ name }}, punguzo Jumatatu.{% if card %} Kadi mara mbili.{% endif %} {% include 'stop.txt' %}\n",
    );
    project.write(
        "campaigns/c/templates/stop.txt",
        "{% if name %}Reply STOP to opt out{% else %}STOP{% endif %}\n",
    );
    let names = ["Achieng", "Wanjirũ", "Zoë 👩🏽\u{200d}🚀 می\u{200c}خواهم", "Dr. Otieno™", "Amina 👍"];
    let (cards, zones) = (["", "gold", "yes", ""], ["Africa/Nairobi", "Asia/Tokyo", "America/New_York"]);
    let mut csv = "id,phone,name,lang,card,zone\n".to_owned();
    for at in 0..people {
        let name = EVIL.get(at).or(names.get(at % names.len())).unwrap().replace('"', "\"\"");
        let (lang, card, zone) = (["en", "sw"][at / 4 % 2], cards[at % cards.len()], zones[at % zones.len()]);
        csv.push_str(&format!(
            "C-{},07{:08},\"{name}\",{lang},{card},{zone}\n",
            10_000 + at,
            10_000_000 + at
        ));
    }
    csv.push_str("C-1,071200,Secretname,en,,\nC-2,0710000001,Again,en,,\n");
    project.write("campaigns/c/r.csv", &csv);
    project
}

fn preview(project: &Project, more: &[&str]) -> Said {
    let said = project.run(&[&["preview", "campaigns/c"], more].concat());
    assert_eq!(said.code, 0, "{said:?}");
    said
}

/// The page of a preview.
fn page(project: &Project, more: &[&str]) -> String {
    let said = preview(project, &[&["--html", "p.html"], more].concat());
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "the page is in p.html\n"));
    std::fs::read_to_string(project.path("p.html")).unwrap()
}

/// What the page's script works on.
fn data(page: &str) -> Value {
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(data).unwrap()
}

/// The pages as text: what stands between tags, as it is read.
fn read(page: &str) -> String {
    let mut out = String::new();
    for piece in page.split("<body>").nth(1).unwrap().split("<script").next().unwrap().split('<') {
        out.push_str(piece.split_once('>').map_or("", |(_, text)| text));
    }
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(out, |text, (from, to)| text.replace(from, to))
}

#[test]
fn a_message_of_every_branch_is_shown_however_few_are_asked_for() {
    let shown = preview(&project(60), &["--sample", "1"]).out;
    for read in [
        "As a gold member you get in an hour before.",
        "Your card counts double.",
        "Join our club.",
        "Kadi mara mbili.",
        "punguzo Jumatatu. Reply",
        "Bring your card.",
        "sale on Monday. STOP",
    ] {
        let words: Vec<&str> = shown.split_whitespace().filter(|word| *word != "│").collect();
        assert!(words.join(" ").contains(read), "{read}: {shown}");
    }
    // Words of the branch that the message is shown for, where nothing else is unusual about it.
    assert!(shown.contains("with `{% if card %}`)"), "{shown}");
    assert!(
        shown.ends_with(
            "Of the branches in the texts:\n  campaigns/c/en.txt line 3: `{%- elif card == 'platinum' %}` is read by nobody\n  \
             campaigns/c/templates/stop.txt line 1: `{% else %}` is read by nobody\n"
        ),
        "{shown}"
    );
    // Of one recipient nothing can be said of the others.
    assert!(!preview(&project(60), &["--recipient", "C-10007"]).out.contains("branches"));
}

#[test]
fn a_branch_that_only_one_text_leaves_unread_is_told_with_it() {
    let project = project(60);
    let csv = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    // Whoever reads Swahili has a card.
    let csv = csv.replace(",sw,,", ",sw,yes,");
    project.write("campaigns/c/r.csv", &csv);
    let shown = preview(&project, &[]).out;
    assert!(shown.contains("campaigns/c/sw.txt line 1: `{% if card %}` holds for everybody\n"), "{shown}");
    let csv = csv.replace("\"Dr. Otieno™\",en", ",en");
    project.write("campaigns/c/r.csv", &csv);
    let shown = preview(&project, &[]).out;
    let stop = "templates/stop.txt line 1: `{% else %}` is read by nobody of variant";
    assert!(shown.contains(stop), "{shown}");
}

#[test]
fn of_a_text_that_cannot_be_followed_nothing_is_said() {
    let shown = |turns: u32| {
        let project = Project::empty();
        let never = "{% if i == 1 %}{{ name }}{% elif i == 9999 %}never{% endif %}";
        let text = format!("text: \"{{% for i in range(end={turns}) %}}{never}{{% endfor %}}\"");
        project.manifest("http://127.0.0.1:9", "batch_max: 1", &text, "");
        project.recipients(2);
        preview(&project, &[]).out
    };
    assert!(shown(90).contains("`{% elif i == 9999 %}` is read by nobody"), "{}", shown(90));
    // With its marks it is more work than a text may be; what it reads it reads.
    let long = shown(9000);
    assert!(long.contains("Name0") && !long.contains("branches"), "{long}");
}

#[test]
fn a_page_of_a_preview_holds_everything_and_nothing_else() {
    let project = project(60);
    let page = page(&project, &[]);
    assert_eq!(std::fs::metadata(project.path("p.html")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(page.starts_with(sendplan::report::html::BEGINS));
    for foreign in ["http:", "https:", " src=", " style=", " onclick=", "@import", "eval(", "innerHTML"] {
        let without_names = page.replace("img src=x", "");
        assert!(!without_names.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<script").count(), 2, "data, and what works on it");
    let text = read(&page);
    for read in [
        "Preview of spring-sale",
        "60",
        "of 62 rows in campaigns/c/r.csv",
        "It comes from sender 1;",
        "no valid address",
        "line 62",
        "the same address as line 3",
        "mobiconnect, up to",
        "sha256:",
        "it goes 2027-03-20 09:00 by each recipient's clock",
        "A forecast: at 10/s",
        "By where people are",
        "campaigns/c/en.txt line 3: {%- elif card == 'platinum' %} is read by nobody.",
    ] {
        assert!(text.contains(read), "{read}: {text}");
    }
    for evil in &EVIL[..3] {
        assert!(text.contains(evil), "{evil}");
    }
    assert!(!text.contains(['\u{202e}', '\u{2028}']), "nothing turns the direction of reading");
}

#[test]
fn an_id_turns_no_reading_and_is_the_same_wherever_it_is_drawn() {
    let project = project(10);
    let rows = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    project.write("campaigns/c/r.csv", &rows.replace("C-10000", "C-\u{202e}1\u{200b}\u{1b}[2J"));
    let page = page(&project, &[]);
    assert!(page.matches("C-\u{fffd}1\u{fffd}\u{fffd}[2J").count() >= 1, "as a heading");
    assert!(
        !page.contains(['\u{202e}', '\u{1b}']) && !page.contains("C-\\u202e"),
        "nor in what is looked for"
    );
    let said = preview(&project, &[]);
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
}

#[test]
fn a_page_tells_no_address_and_no_cell_unless_it_is_asked_to() {
    let project = project(20);
    let masked = page(&project, &[]);
    for secret in ["254710000001", "0710000001", "071200", "Secretname"] {
        assert!(!masked.contains(secret), "{secret}");
    }
    let shown = page(&project, &["--show-addresses"]);
    assert!(shown.contains("+254710000001") && !shown.contains("Secretname"));
    assert!(read(&shown).contains("line 22: "), "what is wrong with a number is told where numbers are");
}

#[test]
fn the_same_audience_gives_the_same_page() {
    let project = project(40);
    let first = page(&project, &[]);
    assert_eq!(first, page(&project, &[]));
    assert_eq!(first, page(&project, &["--now", "2027-01-01T00:00:00Z"]));
    assert_ne!(first, page(&project, &["--sample", "5"]));
}

#[test]
fn everybody_of_ten_thousand_can_be_looked_for_on_a_page_below_five_megabytes() {
    let people = 10_000;
    let project = project(people);
    let page = page(&project, &[]);
    assert!(page.len() < 5_000_000, "{}", page.len());
    let data = data(&page);
    assert_eq!(data["people"].as_array().unwrap().len(), people);
    assert!(read(&page).contains("Search covers all 10,000 recipients."));
}

#[test]
fn a_page_says_whom_it_can_be_asked_for_where_there_are_more() {
    let project = project(10_007);
    let page = page(&project, &[]);
    assert_eq!(data(&page)["people"].as_array().unwrap().len(), 10_000);
    assert!(
        read(&page).contains("Search covers the first 10,000 of 10,007 recipients"),
        "{}",
        read(&page).split("Search").nth(1).unwrap_or_default()
    );
}

#[test]
fn a_page_names_the_languages_in_which_there_is_no_text() {
    let project = project(20);
    let csv = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    project.write("campaigns/c/r.csv", &csv.replace(",sw,", ",fr<b>,"));
    let text = read(&page(&project, &[]));
    let told = "in the default language: there is no text in what their rows name (fr<b> ";
    assert!(text.contains(told), "{}", text.split("Worth a look").nth(1).unwrap_or_default());
}

#[test]
fn a_page_is_about_one_recipient_where_one_is_asked_for() {
    let project = project(20);
    let page = page(&project, &["--recipient", "C-10007"]);
    let text = read(&page);
    assert!(
        text.contains("C-10007") && !text.contains("C-10008") && !text.contains("Find a recipient"),
        "{text}"
    );
    assert!(text.contains("asked for"), "{text}");
}

#[test]
fn a_page_tells_what_it_costs_and_shows_the_dearest() {
    let project = Project::empty();
    let prices = "cost: { currency: KES, per: segment, prices: { \"254\": \"0.80\", \"1\": \"2.5\" } }";
    let long = "Hi {{ name }}, ".to_owned() + &"all our branches open at nine. ".repeat(5);
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: mobiconnect, {prices} }}\nsender: 1\n\
             audience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: \"{long}\" }}\n"
        ),
    );
    let rows = "0712345678,Ann\n0722345678,Wanjirũ\n+12025550100,Zoe\n0733345678,Bo\n+4915112345678,Jo\n";
    project.write("campaigns/c/r.csv", &format!("phone,name\n{rows}"));
    let page = page(&project, &[]);
    let text = read(&page);
    // Of two segments, one in three because of a letter; one of them has no price.
    for read in
        ["10.60 KES", "and 1 message whose price is not known", "dearest", "1.60 KES", "2.40 KES", "5.00 KES"]
    {
        assert!(text.contains(read), "{read}: {text}");
    }
    let dearest = page.split("<article").find(|card| card.contains("dearest")).unwrap();
    assert!(dearest.contains("5.00 KES"), "{dearest}");
    assert!(
        text.contains("1 message in UCS-2 could be spelled in GSM-7: 1 segment less, 0.80 KES."),
        "{text}"
    );
}

#[test]
fn without_a_time_there_is_none_to_draw_unless_one_is_named() {
    let project = Project::personalised("http://127.0.0.1:9", 30);
    let text = read(&page(&project, &[]));
    assert!(text.contains("The manifest names no time"), "{text}");
    let text = read(&page(&project, &["--now", "2026-12-01T09:00:00Z"]));
    assert!(text.contains("As if it were sent 2026-12-01 09:00 UTC"), "{text}");
    assert!(text.contains("All in one hour, from 2026-12-01 09:00: 30 may leave."), "{text}");
}

#[test]
fn a_page_takes_the_place_of_a_page_and_of_nothing_else() {
    let project = project(5);
    let refused = project.run(&["preview", "campaigns/c", "--html", "campaigns/c/campaign.yaml"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("is no page of sendplan's"), "{}", refused.err);
}

//! What counts as a flaw and, as much, what does not.

use proptest::prelude::*;

use super::*;
use crate::unseen::unseen;

fn flaws(text: &str) -> Vec<(Kind, &str)> {
    let mut found = Vec::new();
    look(text, false, &mut found);
    found.into_iter().map(|flaw| (flaw.kind, &text[flaw.span])).collect()
}

/// All characters that are not seen, but for tabs and plain line breaks.
fn all_unseen() -> Vec<char> {
    ('\0'..=char::MAX).filter(|c| unseen(*c).is_some() && !matches!(c, '\n' | '\r' | '\t')).collect()
}

fn only(text: &str, kind: Kind, part: &str) {
    assert_eq!(flaws(text), [(kind, part)], "{text:?}");
}

#[test]
fn fault_55_control_characters_are_found() {
    for control in ['\0', '\u{1}', '\u{1b}', '\u{c}', '\u{7f}', '\u{80}', '\u{9f}'] {
        let text = format!("Hi Ann{control}, our sale");
        only(&text, Kind::Control, &control.to_string());
    }
    for fine in ["a\nb\r\nc", "a\tb", "é ç Â ¢ £", ""] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
}

#[test]
fn fault_55_marks_of_direction_are_found_where_nothing_reads_from_right_to_left() {
    only("Hi \u{200f}Ann", Kind::Direction, "\u{200f}");
    only("Hi \u{61c}Ann", Kind::Direction, "\u{61c}");
    only("Pay \u{202e}0001\u{a0}", Kind::Direction, "\u{202e}");
    // An override turns what is read, whatever the script.
    only("שלום \u{202e}abc", Kind::Direction, "\u{202e}");
    for fine in ["שלום \u{200e}Acme\u{200f}!", "مرحبا \u{200f}Acme", "مرحبا\u{61c}"] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
}

#[test]
fn fault_55_characters_without_width_are_found_where_they_do_nothing() {
    for hidden in ['\u{200b}', '\u{feff}', '\u{2060}', '\u{ad}', '\u{200c}', '\u{200d}', '\u{180e}'] {
        only(&format!("Hi An{hidden}n"), Kind::ZeroWidth, &hidden.to_string());
    }
    for fine in [
        "👨\u{200d}👩\u{200d}👧",
        "❤\u{fe0f}\u{200d}🔥",
        "🏳\u{fe0f}\u{200d}🌈",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "👩🏽\u{200d}🚀",
    ] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
    only("👨\u{200d} x", Kind::ZeroWidth, "\u{200d}");
    only("می\u{200c}", Kind::ZeroWidth, "\u{200c}");
}

#[test]
fn fault_55_characters_that_nobody_writes_are_found_but_where_they_draw_a_picture() {
    for hidden in "\u{85}\u{2028}\u{2029}\u{fffe}\u{ffff}\u{1fffe}\u{fff9}\u{fffb}\u{fffc}\u{2800}\u{3164}\u{115f}\u{1160}\u{ffa0}\u{e0001}\u{e0061}\u{e0fff}\u{fe0f}\u{fe00}\u{e0100}\u{180b}".chars() {
        only(&format!("Hi An{hidden}n"), Kind::Invisible, &hidden.to_string());
    }
    only("Hi An\u{34f}n", Kind::ZeroWidth, "\u{34f}");
    for fine in [
        "❤\u{fe0f} and ☎\u{fe0e}",
        "1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3}",
        "©\u{fe0f} ™\u{fe0f} ℹ\u{fe0f}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
        "葛\u{e0100}飾区",
        "ᠠ\u{180b}",
    ] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
    for odd in [
        "🏴\u{e0067}\u{e0062}",
        "🏴\u{e007f}",
        "🌸\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e0067}\u{e0067}\u{e007f}",
        "1\u{fe0f}",
        "a\u{fe0f}\u{20e3}",
        "葛\u{fe0f}",
    ] {
        assert!(flaws(odd).iter().all(|(kind, _)| *kind == Kind::Invisible), "{odd:?}");
        assert_ne!(flaws(odd), [], "{odd:?}");
    }
}

#[test]
fn the_first_pass_notices_every_character_that_is_not_seen() {
    for character in all_unseen() {
        let text = format!("ab{character}");
        assert!(
            Hints::of(text.as_bytes()).has(Hints::CONTROL | Hints::HIDDEN),
            "U+{:04X}",
            u32::from(character)
        );
    }
}

#[test]
fn a_lost_character_is_found() {
    only("Hi Jos\u{fffd}", Kind::Lost, "\u{fffd}");
}

#[test]
fn braces_that_nothing_resolved_are_found() {
    only("Hi {{ name }}, hello", Kind::Braces, "{{ name }}");
    only("Hi {{name", Kind::Braces, "{{");
    only("Hi name}}", Kind::Placeholder, "}}");
    only("{% if x %} a", Kind::Braces, "{% if x %}");
    only("100%} a", Kind::Placeholder, "%}");
    for fine in ["{ a }", "20% off", "{}", "50%, 60%", ":-}", "a { b", "5%-10%"] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
}

#[test]
fn placeholders_of_other_programs_are_found_and_what_people_write_is_not() {
    for place in [
        "{name}",
        "${name}",
        "{0}",
        "[[name]]",
        "%NAME%",
        "%first_name%",
        "<first_name>",
        "[FIRST_NAME]",
        "<Name>",
    ] {
        only(&format!("Hi {place}, hello"), Kind::Placeholder, place);
    }
    for fine in [
        "I <3 you",
        "Reply [STOP]",
        "20%OFF50%",
        "10% to 20% off",
        "a < b > c",
        "[1]",
        "%",
        "save 5%today%",
        "<https://a.example>",
        "{our sale}",
        "[[",
        "a%b",
    ] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
}

#[test]
fn spaces_that_an_empty_cell_leaves_are_found() {
    only("Hi , our sale", Kind::Spaces, " ");
    only("Hi  our sale", Kind::Spaces, "  ");
    only(" our sale", Kind::Spaces, " ");
    only("our sale .", Kind::Spaces, " ");
    for fine in [
        "a b",
        "a \nb",
        "a  ",
        "- x\n  - y",
        "Bonjour !",
        "costs .50",
        "well ...",
        "a ,b",
        "\n  b",
        "wait .. .",
    ] {
        assert_eq!(flaws(fine).len(), usize::from(fine == "wait .. ."), "{fine:?}");
    }
    let mut found = Vec::new();
    look("Hi !", true, &mut found);
    assert_eq!(found, [Flaw { kind: Kind::Spaces, span: 2..3 }]);
}

#[test]
fn links_that_end_too_early_are_found() {
    only("see https:// acme.example", Kind::Link, "https://");
    only("see https://", Kind::Link, "https://");
    only("see https:///a", Kind::Link, "https:///a");
    only("see https://acme.example/?id=.", Kind::Link, "https://acme.example/?id=.");
    only("see https://acme.example/?id=&x=1&", Kind::Link, "https://acme.example/?id=&x=1&");
    only("see https://acme.example/shop//today now", Kind::Link, "https://acme.example/shop//today");
    for fine in [
        "see https://acme.example",
        "Seen https://acme.example?",
        "https://acme.example/, or",
        "(http://a.example/b)",
        "https://web.archive.org/web/https://a.example/",
        "a // b",
        "://",
        "https://[::1]/",
        "https://bücher.example",
    ] {
        assert_eq!(flaws(fine), [], "{fine:?}");
    }
}

#[test]
fn cells_without_a_value_are_known_and_names_of_people_are_not() {
    for none in ["NULL", "null", " None ", "NaN", "undefined", "#N/A", "#REF!", "#DIV/0!", "N/A", "(null)"] {
        assert!(is_no_value(none), "{none}");
    }
    for some in ["", "Null", "Nan", "Nona", "Nil", "na", "none of them", "#1", "No"] {
        assert!(!is_no_value(some), "{some}");
    }
}

#[test]
fn what_is_wrong_with_a_template_itself_is_told_at_its_place() {
    let told = |source: &'static str| -> Vec<(Kind, &str)> {
        literals(source).into_iter().map(|flaw| (flaw.kind, &source[flaw.span])).collect()
    };
    assert_eq!(
        told("Hi {{ a }},  our\u{200b} [[sale]] {% raw %}{{ x }}{% endraw %}"),
        [
            (Kind::Spaces, "  "),
            (Kind::ZeroWidth, "\u{200b}"),
            (Kind::Placeholder, "[[sale]]"),
            (Kind::Braces, "{{ x }}"),
        ]
    );
    // What a tag beside it decides is not told here.
    assert_eq!(told("{{ a }} our https://a.example/?id={{ b }}{{ a }} , x {# #} y"), []);
    assert_eq!(told("Hi {{ a }} {% if b %} x{% endif %}"), []);
    assert_eq!(told("{{ a }}\u{fe0f} x 🏴\u{e0067}{{ b }}"), []);
}

#[test]
fn columns_that_become_part_of_a_link_are_known() {
    let columns = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(linked("https://x.example/{{ b }}?q={{ a }} {{ c }}", &columns), [1]);
    assert_eq!(linked("https://x.example/ {{ b }}", &columns), [0_usize; 0]);
    assert_eq!(linked("https://x.example/?a={{ a | urlencode }}{{ b }}", &columns), [0_usize; 0]);
}

#[test]
fn most_cells_are_tame() {
    for cell in ["Amina", "12345.50", "2026-12-03", "a", "Dar es Salaam", "O.K"] {
        assert!(is_tame(cell), "{cell}");
    }
    for cell in
        ["", " a", "a ", "a  b", "a .b", "a/b", "NULL", "nan", "é", "{a}", "-5", "50%", "a\tb", "a -b"]
    {
        assert!(!is_tame(cell), "{cell}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn tame_cells_leave_clean_texts_clean(
        before in "[a-z%/<:,]{0,3}|[a-z ]{0,3}", between in "[a-z%/<: ]{0,3}", behind in "[ -~é]{0,2}",
        one in "[A-Za-z0-9]([ .%-]{0,3}[A-Za-z0-9])?", other in "[nNa0-9]{1,3}|[ -~]{1,2}",
    ) {
        let tame = is_tame(&one) && is_tame(&other);
        if !tame || !is_clean(&format!("{before}x{between}x{behind}")) {
            return Ok(());
        }
        let text = format!("{before}{one}{between}{other}{behind}");
        prop_assert_eq!(flaws(&text), []);
    }
}

proptest! {
    #[test]
    fn spans_stand_on_characters(text in "[ -~é\u{200b}-\u{200f}\u{fffd}\u{0}-\u{8}]{0,40}", gaps: bool) {
        let mut found = Vec::new();
        look(&text, gaps, &mut found);
        for flaw in &found {
            prop_assert!(text.get(flaw.span.clone()).is_some(), "{:?}", flaw);
        }
        let _ = literals(&text);
    }

    /// Wherever it stands among letters, each of them is found.
    #[test]
    fn a_character_that_is_not_seen_is_found_anywhere(
        hidden in prop_oneof![
            prop::sample::select(all_unseen()),
            prop::sample::select(all_unseen().into_iter().filter(|c| *c < '\u{e0000}').collect::<Vec<_>>()),
        ],
        before in "[ -z é’ßñжκ]{0,30}",
        behind in "[ -z é’ßñжκ]{0,30}",
    ) {
        let mut found = Vec::new();
        look(&format!("{before}{hidden}{behind}"), false, &mut found);
        let span = before.len()..before.len() + hidden.len_utf8();
        prop_assert!(found.iter().any(|flaw| flaw.span == span), "U+{:04X}: {:?}", u32::from(hidden), found);
    }

    /// The first pass misses nothing.
    #[test]
    fn what_the_first_pass_lets_through_is_clean(text in "[ab ,.!/:{}%<\\[\\]_=\u{1}\u{ad}\u{61c}\u{180e}\u{200b}\u{2060}\u{feff}\u{fffd}é]{0,24}") {
        let mut all = Vec::new();
        hidden::look(&text, &mut all);
        places::look(&text, &mut all);
        spaces::look(&text, true, &mut all);
        links::look(&text, &mut all);
        let mut found = Vec::new();
        look(&text, true, &mut found);
        prop_assert_eq!(found, all);
    }
}

//! The words by which people ask for no more messages.

/// The words that carriers and their associations in North America and France know (CTIA's Messaging Principles
/// §5.1.3; `ARRET` is the French one), and what people write in their stead.
const WORDS: [&str; 11] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "OPT-OUT",
    "CANCEL",
    "ARRET",
    "REMOVE",
];

/// Those that nobody writes for another reason.
const PLAIN: [&str; 4] = ["STOPALL", "UNSUBSCRIBE", "OPTOUT", "OPT-OUT"];

/// Whether such a word stands in a text of ours, for people to answer with. Most of them are words of everyday sentences
/// too and count in capitals only.
pub fn stands_in(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-').map(|word| word.trim_matches('-'));
    let is_one = |word: &str| {
        WORDS.contains(&word) || word == "ARRÊT" || PLAIN.iter().any(|one| one.eq_ignore_ascii_case(word))
    };
    words.into_iter().any(is_one)
}

/// Whether a text is such a word and nothing else, but for case, accents on `ARRÊT`, quotes and marks around it: who
/// writes a sentence may mean anything, and is for a person to read.
pub fn is_opt_out(text: &str) -> bool {
    let shows = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let text: String = text.chars().filter(shows).collect();
    let word = text.trim_matches(|c: char| c.is_whitespace() || "\"'“”‘’«».,!?()[]*".contains(c));
    let word = word.to_uppercase().replace('Ê', "E");
    WORDS.contains(&word.as_str()) || word == "STOP ALL"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_counts_and_a_sentence_does_not() {
        for yes in [
            "STOP",
            " stop\n",
            "Stop.",
            "\"STOP\"",
            "unsubscribe",
            "opt-out",
            "Arrêt",
            "stopall!",
            "(stop)",
            "Stop all",
            "\u{200b}STOP",
        ] {
            assert!(is_opt_out(yes), "{yes}");
        }
        for no in ["", "please stop", "STOPP", "don't stop sending", "ok", "non-stop", "the end"] {
            assert!(!is_opt_out(no), "{no}");
        }
    }
}

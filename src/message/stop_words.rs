//! The words by which people ask for no more messages.

use crate::unseen::unseen;

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

/// Those that stand for nothing else in capitals. The other ones are words of everyday sentences, in capitals too
/// (`at the END of May`), and count where people are told to write them.
const CLEAR: [&str; 3] = ["STOP", "ARRET", "ARRÊT"];

/// What tells people to write the word that follows: in English, French, Swahili, Spanish, Portuguese,
/// German and Italian. In other languages it stands in quotes, or in a text of the manifest's own.
const ASKS: [&str; 26] = [
    "reply",
    "text",
    "txt",
    "send",
    "sms",
    "answer",
    "respond",
    "write",
    "type",
    "message",
    "répondez",
    "repondez",
    "envoyez",
    "tapez",
    "jibu",
    "tuma",
    "andika",
    "envie",
    "responda",
    "envía",
    "responde",
    "antworte",
    "antworten",
    "invia",
    "inviate",
    "rispondi",
];

/// What may stand between one of these and the word: `Reply back END`, `Antworten Sie END`.
const FILLERS: [&str; 3] = ["back", "us", "sie"];

/// Who does a thing, and is not told to: `We send END users gifts`.
const SUBJECTS: [&str; 4] = ["we", "i", "they", "you"];

/// What may stand between those and what they do.
const HELPERS: [&str; 9] = ["will", "can", "may", "do", "also", "always", "never", "only", "now"];

/// Marks that set a word apart for people to write it.
const QUOTES: [(char, char); 7] =
    [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('«', '»'), ('„', '“'), ('[', ']')];

/// So many characters on each side of a word are looked at for the link that it may be a part of.
const LONGEST_LINK: usize = 500;

/// Whether such a word stands in a text of ours, for people to answer with: one that is clear by itself, or another
/// one where people are told to write it. What is a part of a link, of an address or of a longer word is none.
pub fn stands_in(text: &str) -> bool {
    words(text).any(|(at, word)| {
        let word = first_of_two(word);
        let is_plain = || PLAIN.iter().any(|one| one.eq_ignore_ascii_case(word));
        let is_clear = CLEAR.contains(&word) || is_plain();
        if !is_clear && !WORDS.contains(&word) {
            return false;
        }
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + word.len()..).unwrap_or_default();
        let is_asked = || is_asked_for(before, behind);
        !is_of_an_address(before, behind, is_asked) && (is_clear || is_asked())
    })
}

/// `STOP` of `STOP2END`, which tells people to write the one for the other.
fn first_of_two(word: &str) -> &str {
    let both = word.split_once('2').filter(|(one, next)| WORDS.contains(one) && WORDS.contains(next));
    both.map_or(word, |(one, _)| one)
}

/// The words of a text with their places; hyphens stand inside of words, not around them.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_gap = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
    let mut at = 0;
    text.split_inclusive(is_gap).map(move |piece| {
        let start = at;
        at += piece.len();
        let word = piece.trim_end_matches(is_gap);
        let inner = word.trim_start_matches('-');
        (start + (word.len() - inner.len()), inner.trim_end_matches('-'))
    })
}

/// Whether what stands between these is a part of a link, of a mail address or of the name of a host: `STOP@a.example`,
/// `a.example?q=STOP`, `STOP.example`. All that no white space parts is one address if anything in it looks like one.
/// What follows a full stop is none: people forget the space.
fn is_of_an_address(before: &str, behind: &str, is_asked: impl Fn() -> bool) -> bool {
    let near = before.char_indices().rev().nth(LONGEST_LINK).map_or(0, |(at, _)| at);
    let before = before.get(near..).unwrap_or_default();
    let start = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let far = behind.char_indices().nth(LONGEST_LINK).map_or(behind.len(), |(at, _)| at);
    let behind = behind.get(..far).unwrap_or_default();
    let rest = behind.split(char::is_whitespace).next().unwrap_or_default();
    let goes_on = rest.strip_prefix('.').is_some_and(|next| {
        next.starts_with(char::is_alphanumeric) && !(begins_a_sentence(next) && is_asked())
    });
    let asks_a_host = rest.split_once('?').is_some_and(|(_, next)| next.contains(char::is_alphanumeric));
    goes_on
        || asks_a_host
        || start.contains(['=', '?'])
        || start.to_lowercase().ends_with("www.")
        || [start, rest].iter().any(|text| is_marked(text) || is_dotted(text))
}

/// Whether a text has what only links and addresses have.
fn is_marked(text: &str) -> bool {
    // `SMS:` in capitals tells people to send one.
    let schemes = ["//", "mailto:", "sms:", "smsto:", "tel:", "localhost"];
    text.contains(['@', '\\']) || schemes.iter().any(|scheme| text.contains(scheme))
}

/// Whether a sentence may begin here, and no name of a host goes on: a capital, and no other one behind it.
fn begins_a_sentence(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(char::is_uppercase)
        && !letters
            .next()
            .is_some_and(|next| next.is_uppercase() || next.is_numeric() || "-_/:".contains(next))
        && !text.contains('/')
}

/// Whether there is a point between two letters.
fn is_dotted(text: &str) -> bool {
    text.split('.')
        .zip(text.split('.').skip(1))
        .any(|(one, next)| one.ends_with(char::is_alphanumeric) && next.starts_with(char::is_alphanumeric))
}

/// Whether people are told to write what stands between these: it is in quotes, or behind `reply` or the like, or `to`
/// follows, small beside its capitals.
fn is_asked_for(before: &str, behind: &str) -> bool {
    let quoted = |(open, close): &(char, char)| before.ends_with(*open) && behind.starts_with(*close);
    if QUOTES.iter().any(quoted)
        || behind.trim_start().strip_prefix("to").is_some_and(|rest| rest.starts_with(' '))
    {
        return true;
    }
    // `reply with the word: "END`, but not beyond the end of a sentence.
    let before = before.trim_end_matches(|c: char| " \t:\"'“‘«„([<*".contains(c));
    let mut words = before.rsplit([' ', '\t']).filter(|word| !word.is_empty()).peekable();
    if words.next_if(|word| word.eq_ignore_ascii_case("word")).is_some() {
        words.next_if(|word| word.eq_ignore_ascii_case("the"));
    }
    words.next_if(|word| word.eq_ignore_ascii_case("with"));
    let is_one_of = |word: &str, all: &[&str]| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !".,!?".contains(c)).to_lowercase();
        all.contains(&word.split(['\'', '’']).next().unwrap_or_default())
    };
    words.next_if(|word| is_one_of(word, &FILLERS));
    let is_told = words.next().is_some_and(|word| {
        ASKS.contains(&word.trim_matches(|c: char| !c.is_alphanumeric() && c != '.').to_lowercase().as_str())
    });
    if !is_told {
        return false;
    }
    words.next_if(|word| is_one_of(word, &HELPERS));
    !words.next().is_some_and(|word| is_one_of(word, &SUBJECTS))
}

/// Whether a text is such a word and nothing else, but for case, accents on `ARRÊT`, quotes and marks around it: who
/// writes a sentence may mean anything, and is for a person to read.
pub fn is_opt_out(text: &str) -> bool {
    // Line breaks are white space here, and trimmed.
    let shows = |c: &char| c.is_whitespace() || unseen(*c).is_none();
    let text: String = text.chars().filter(shows).collect();
    let word = text.trim_matches(|c: char| c.is_whitespace() || "\"'“”‘’«».,!?()[]*".contains(c));
    let word = word.to_uppercase().replace('Ê', "E");
    WORDS.contains(&word.as_str()) || word == "STOP ALL"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_where_people_are_told_to_write_it() {
        for yes in [
            "Reply STOP.",
            "STOP=END",
            "Sale til 9pm.STOP to end",
            "STOP/QUIT",
            "Unsubscribe: https://a.example",
            "Répondez ARRÊT",
            "Opt-out: 123",
            "Text END",
            "TXT: END",
            "Reply with the word CANCEL",
            "reply with \"REMOVE",
            "Write 'END' back",
            "Send QUIT to 12345",
            "END to 12345",
            "CANCEL to opt out",
            "(Tuma END)",
            "[REMOVE]",
            "-STOP-",
            "Reply STOP.T&Cs apply",
            "Reply STOP.Thanks",
            "Reply <END>",
            "Reply back END",
            "text back END",
            "Antworten Sie END",
            "Invia END",
            "STOP2END",
            "Out? Thank you. Reply END",
            "If it is too much for you, text END",
            "SMS:STOP to 12345",
            "See https://a.example STOP",
            "STOP=opt out",
        ] {
            assert!(stands_in(yes), "{yes}");
        }
        for no in [
            "",
            "Don't stop now",
            "until the end",
            "until the END of May",
            "THE END OF MAY",
            "THE END TO ALL WORRIES",
            "CANCEL any time",
            "Please reply. END of sale",
            "REMOVE stains",
            "NONSTOP",
            "STOPPED",
            "STOP_1",
            "NON-STOP",
            "cancel any time",
            "weekend",
            "STOP@a.example",
            "mail stop@a.example or a@STOP.example",
            "STOP.example",
            "see https://a.example/STOP",
            "see https://a.example/unsubscribe?x",
            "a.example/STOP",
            "unsubscribe.example",
            "Send the END results",
            "reply by END of day",
            "acme.example?STOP",
            "acme.example?q=STOP",
            "wa.me?text=STOP",
            "www.a.example#STOP",
            "10.0.0.1?STOP",
            "acme.example:STOP",
            "acme.example&STOP",
            "localhost/STOP",
            "www.STOP",
            "a.example.STOP",
            "STOP+x@a.example",
            "\"STOP\"@a.example",
            "STOP%x@a.example",
            "mailto:STOP",
            "sms:STOP",
            "sms:123?body=STOP",
            "STOP?x=1",
            "STOP.Thanks",
            "Reply STOP.COM",
            "Reply STOP.Acme.example",
            "Reply STOP.Example/x",
            "We send END users gifts",
            "we'll send END users gifts",
            "They will text END users",
        ] {
            assert!(!stands_in(no), "{no}");
        }
    }

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

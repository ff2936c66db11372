//! What a campaign may be called, and what comes nearest to a name that it may not have.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The most characters of a name.
const MOST: usize = 63;

/// Whether a word may name something in the state: lower-case letters, digits and `-`.
pub fn is_name(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !word.is_empty() && word.len() <= MOST && word.chars().all(plain) && !word.starts_with('-')
}

/// `Spring Sale` as `spring-sale`; nothing where no letter and no digit is left.
pub fn suggested(words: &str) -> Option<String> {
    let mut name = String::new();
    for c in DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(words.chars()) {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            // An accent, which is a character of its own by now, parts no words.
            '\u{300}'..='\u{36f}' | '\'' | '’' => {}
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
    }
    name.truncate(MOST);
    let name = name.trim_end_matches('-');
    is_name(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_has_one_near() {
        for (words, near) in [
            ("Spring Sale", Some("spring-sale")),
            ("  spring__sale! 2027 ", Some("spring-sale-2027")),
            ("Été à l'école", Some("ete-a-lecole")),
            ("campaigns/x", Some("campaigns-x")),
            ("-x", Some("x")),
            ("распродажа", None),
            ("", None),
        ] {
            assert_eq!(suggested(words).as_deref(), near, "{words}");
            assert!(near.is_none_or(is_name) && !is_name(words));
        }
        assert_eq!(suggested(&"a b".repeat(40)).unwrap().len(), 63);
    }
}

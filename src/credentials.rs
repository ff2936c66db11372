//! What a credential looks like by its name, and how one that stands where it should not is kept out of
//! messages: whoever reads a log of CI should not learn it there.

use std::sync::Arc;

use crate::diagnostic::{Source, Span};

/// Whether a key's name says that its value is a credential.
pub fn names_a_secret(key: &str) -> bool {
    let plain: String = key.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let inside = [
        "password",
        "passwd",
        "secret",
        "apikey",
        "appkey",
        "accesskey",
        "privatekey",
        "authtoken",
        "accesstoken",
        "credential",
    ];
    inside.iter().any(|word| plain.contains(word))
        || plain.ends_with("token")
        || matches!(plain.as_str(), "pwd" | "pass" | "passphrase" | "auth" | "authorization" | "bearer")
}

/// The same file with stars in place of a span: lines and columns stay, the value is not shown.
pub fn masked(source: &Source, span: &Span) -> Arc<Source> {
    let stars = |at: usize, c: char| {
        if span.contains(&at) && c != '\n' { "*".repeat(c.len_utf8()) } else { c.to_string() }
    };
    let text: String = source.text.char_indices().map(|(at, c)| stars(at, c)).collect();
    Source::new(source.name.as_str(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret() {
        for name in [
            "password",
            "api_key",
            "App-Key",
            "client_secret",
            "TOKEN",
            "db_passwd",
            "accessToken",
            "application_token",
            "pass",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["shop", "key_account", "tokens_left", "author", "discount_code"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn a_masked_file_keeps_its_places() {
        let source = Source::new("a", "key: é-secret\nb: 1\n");
        let masked = masked(&source, &(5..14));
        assert_eq!(masked.text, "key: *********\nb: 1\n");
        assert_eq!(masked.position(15), source.position(15));
    }
}

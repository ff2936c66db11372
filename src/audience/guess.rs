//! Which columns of a file are what, by their names and by what stands in them: an address, an id, a name. A guess for people
//! to look at, never for sending.

use crate::audience::address::AddressKind;
use crate::audience::survey::{Column, Distinct, Survey};

/// Words in the names of columns that hold numbers.
const NUMBERS: [&str; 9] =
    ["phone", "mobile", "msisdn", "cell", "tel", "handy", "number", "whatsapp", "simu"];
/// Words in the names of columns that hold ids of a gateway's.
const IDS: [&str; 5] = ["id", "endpoint", "order", "device", "address"];
/// What columns of people's first names are called, by their letters: a surname is no way to greet anybody.
const FIRST_NAMES: [&str; 13] = [
    "firstname",
    "givenname",
    "forename",
    "vorname",
    "rufname",
    "prenom",
    "prénom",
    "primernombre",
    "nombre",
    "primeironome",
    "jinalakwanza",
    "jina",
    "voornaam",
];
/// The same of names that may be whole, the best first.
const NAMES: [&str; 4] = ["name", "fullname", "customername", "customer"];
/// The same of what tells people apart, besides words that are `id`.
const KEYS: [&str; 12] = [
    "kundennr",
    "kundennummer",
    "kundenid",
    "mitgliedsnr",
    "mitgliedsnummer",
    "customerno",
    "customernr",
    "customernumber",
    "clientno",
    "memberno",
    "membernumber",
    "uuid",
];
/// The same of the languages that people read.
const LANGUAGES: [&str; 9] =
    ["locale", "language", "lang", "languagecode", "sprache", "langue", "idioma", "lugha", "lingua"];

/// The names of columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guess {
    /// Where messages go.
    pub address: Option<String>,
    /// What tells people apart, besides that.
    pub id: Option<String>,
    /// What is called so, where not every row has one of its own.
    pub vague_id: Option<String>,
    /// How people are called, by a name that a text can have in it.
    pub name: Option<String>,
    /// Whether somebody has none.
    pub some_nameless: bool,
    /// First names by a name that no text can have in it.
    pub unusable_name: Option<String>,
    /// What people read.
    pub locale: Option<String>,
}

/// Looks at the columns of files whose addresses are of that kind.
pub fn guess(survey: &Survey, kind: AddressKind) -> Guess {
    let is_phone = matches!(kind, AddressKind::Phone { .. });
    let words: &[&str] = if is_phone { &NUMBERS } else { &IDS };
    let columns: Vec<(&str, &Column)> = survey.columns().collect();
    let address = columns
        .iter()
        .filter(|(_, column)| readable(column, kind) * 2 > column.samples.len())
        .filter(|(name, column)| is_phone || has_word(name, words) || tells_apart(survey, column))
        // The first of the best.
        .rev()
        .max_by_key(|(name, column)| (has_word(name, words), readable(column, kind), column.filled))
        .map(|(name, _)| (*name).to_owned());
    let is_address = |name: &str| address.as_deref() == Some(name);
    let find = |wanted: &dyn Fn(&str, &Column) -> bool| {
        let others = columns.iter().filter(|(name, _)| !is_address(name));
        others.copied().find(|(name, column)| wanted(name, column))
    };
    let called = |names: &[&str]| {
        names.iter().find_map(|wanted| find(&|name, _| letters(name) == *wanted && is_usable(name)))
    };
    let owned = |found: Option<(&str, &Column)>| found.map(|(name, _)| name.to_owned());
    let id = find(&|name, column| is_key(name) && tells_apart(survey, column));
    let vague_id = find(&|name, column| is_key(name) && column.filled > 0).filter(|_| id.is_none());
    let first = called(&FIRST_NAMES);
    let unusable = find(&|name, column| FIRST_NAMES.contains(&&*letters(name)) && column.filled > 0);
    let unusable = unusable.filter(|_| first.is_none());
    // Beside first names, whatever they are called, a name is a surname.
    let name = first.or_else(|| called(&NAMES).filter(|_| unusable.is_none()));
    let locale = find(&|name, column| LANGUAGES.contains(&&*letters(name)) && column.filled > 0);
    Guess {
        some_nameless: name.is_some_and(|(_, column)| column.filled < survey.rows),
        name: owned(name),
        unusable_name: owned(unusable),
        id: owned(id),
        vague_id: owned(vague_id),
        locale: owned(locale),
        address,
    }
}

/// Whether a column is called like one that tells people apart.
fn is_key(name: &str) -> bool {
    has_word(name, &["id"]) || KEYS.contains(&&*letters(name))
}

fn readable(column: &Column, kind: AddressKind) -> usize {
    column.samples.iter().filter(|sample| kind.read(sample).is_ok()).count()
}

/// Whether every row has a value of its own there.
fn tells_apart(survey: &Survey, column: &Column) -> bool {
    survey.rows > 0
        && column.filled == survey.rows
        && survey.distinct(column) == Distinct::Exactly(survey.rows)
}

/// `First Name` as `first_name`.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// `First Name` as `firstname`.
fn letters(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

fn has_word(name: &str, words: &[&str]) -> bool {
    let name = plain(name);
    name.split('_').any(|part| words.contains(&part))
        || words.iter().any(|word| word.len() > 3 && name.contains(word))
}

/// Whether a text can name the column.
fn is_usable(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::{Dialect, Header, Region};

    fn of(file: &str, kind: AddressKind) -> (Option<String>, Option<String>, Option<String>) {
        let mut survey = Survey::new(Header::read(file.as_bytes()).unwrap());
        survey.add(file.as_bytes(), Dialect::PLAIN, &mut || {}).unwrap();
        let guess = guess(&survey, kind);
        (guess.address, guess.id, guess.name)
    }

    fn some(words: [&str; 3]) -> (Option<String>, Option<String>, Option<String>) {
        let [address, id, name] = words.map(|word| (!word.is_empty()).then(|| word.to_owned()));
        (address, id, name)
    }

    const KENYA: AddressKind = AddressKind::Phone { region: Some(Region::KE) };

    #[test]
    fn columns_are_known_by_name_and_by_what_stands_in_them() {
        let file = "customer_id,Full Name,first_name,mobile_no,alt\n1,Amina A,Amina,0700000001,0700000009\n2,Ben B,Ben,0700000002,0700000008\n";
        assert_eq!(of(file, KENYA), some(["mobile_no", "customer_id", "first_name"]));
        // No name tells, the cells do; a name with a space is none that a text could have.
        assert_eq!(of("Contact,Name of\n+254700000001,Amina\n", KENYA), some(["Contact", "", ""]));
        // A column that is called a number and has none.
        assert_eq!(of("number,to\n7,+254700000001\n8,+254700000002\n", KENYA), some(["to", "", ""]));
        assert_eq!(of("a,b\nx,y\n", KENYA), some(["", "", ""]));
    }

    #[test]
    fn nobody_is_greeted_by_a_surname() {
        let first = |header: &str| {
            let file = format!("{header},mobile\nA,B,0700000001\n");
            of(&file, KENYA).2.unwrap_or_default()
        };
        for (header, name) in [
            ("Name,Vorname", "Vorname"),
            ("name,FirstName", "FirstName"),
            ("name,first_name", "first_name"),
            ("Nombre,Apellido", "Nombre"),
            ("Nom,PRENOM", "PRENOM"),
            ("jina,ukoo", "jina"),
            ("Name,Ort", "Name"),
            // There are first names, and no text can name them.
            ("Name,First Name", ""),
            ("Name,Prénom", ""),
        ] {
            assert_eq!(first(header), name, "{header}");
        }
    }

    #[test]
    fn what_tells_people_apart_and_what_they_read_is_seen() {
        let file = "Kundennr,Sprache,mobile,First Name\n1,de,0700000001,A\n1,en,0700000002,B\n";
        let mut survey = Survey::new(Header::read(file.as_bytes()).unwrap());
        survey.add(file.as_bytes(), Dialect::PLAIN, &mut || {}).unwrap();
        let guess = guess(&survey, KENYA);
        let found =
            [guess.id, guess.vague_id, guess.locale, guess.unusable_name].map(Option::unwrap_or_default);
        assert_eq!(found, ["", "Kundennr", "Sprache", "First Name"]);
        assert_eq!(of("Kunden-Nr.,mobile\n1,0700000001\n2,0700000002\n", KENYA).1.unwrap(), "Kunden-Nr.");
    }

    #[test]
    fn ids_of_a_gateway_are_known_by_their_name_or_by_being_different() {
        let ids = AddressKind::Opaque;
        assert_eq!(of("name,endpoint_id\nvan,77\ntruck,78\n", ids), some(["endpoint_id", "", "name"]));
        assert_eq!(of("what,where\nvan,77\nvan,78\n", ids), some(["where", "", ""]));
        assert_eq!(of("what\nvan\nvan\n", ids), some(["", "", ""]));
    }
}

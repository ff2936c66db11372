//! Which columns of a file are what, by their names and by what stands in them: an address, an id, a name. A guess for people
//! to look at, never for sending.

use crate::audience::address::AddressKind;
use crate::audience::survey::{Column, Distinct, Survey};

/// Words in the names of columns that hold numbers.
const NUMBERS: [&str; 9] =
    ["phone", "mobile", "msisdn", "cell", "tel", "handy", "number", "whatsapp", "simu"];
/// Words in the names of columns that hold ids of a gateway's.
const IDS: [&str; 5] = ["id", "endpoint", "order", "device", "address"];
/// Names of columns that hold names of people, the best first.
const PEOPLE: [&str; 8] =
    ["first_name", "firstname", "given_name", "name", "full_name", "fullname", "customer_name", "customer"];

/// The names of columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guess {
    /// Where messages go.
    pub address: Option<String>,
    /// What tells people apart, besides that.
    pub id: Option<String>,
    /// How people are called, by a name that a text can have in it.
    pub name: Option<String>,
    /// Whether somebody has none.
    pub some_nameless: bool,
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
    let id = columns
        .iter()
        .find(|(name, column)| !is_address(name) && has_word(name, &["id"]) && tells_apart(survey, column))
        .map(|(name, _)| (*name).to_owned());
    let called = |wanted: &str| {
        columns.iter().find(|(name, _)| plain(name) == wanted && is_usable(name) && !is_address(name))
    };
    let name = PEOPLE.iter().find_map(|wanted| called(wanted));
    Guess {
        some_nameless: name.is_some_and(|(_, column)| column.filled < survey.rows),
        name: name.map(|(name, _)| (*name).to_owned()),
        address,
        id,
    }
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
    fn ids_of_a_gateway_are_known_by_their_name_or_by_being_different() {
        let ids = AddressKind::Opaque;
        assert_eq!(of("name,endpoint_id\nvan,77\ntruck,78\n", ids), some(["endpoint_id", "", "name"]));
        assert_eq!(of("what,where\nvan,77\nvan,78\n", ids), some(["where", "", ""]));
        assert_eq!(of("what\nvan\nvan\n", ids), some(["", "", ""]));
    }
}

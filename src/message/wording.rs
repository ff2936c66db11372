//! The texts of a campaign: one for all, or one for each variant and language, and which of them somebody reads.

use std::sync::Arc;

use crate::lot::Lot;
use crate::message::locale::{Found, Locales, tag_of};
use crate::message::template::Template;

/// What the drawing of variants is called. Frozen, as everything is that goes into it.
const PURPOSE: &str = "variant";

/// The place of a wording among those of its campaign.
pub type WordingId = u16;

/// One text.
#[derive(Debug, Clone)]
pub struct Wording {
    /// The variant it belongs to, where there are several.
    pub variant: Option<Arc<str>>,
    /// The language it is written in, where that is said.
    pub locale: Option<Arc<str>>,
    /// The text.
    pub template: Template,
}

/// A text, or one in each of several languages.
#[derive(Debug, Clone)]
pub enum Texts {
    /// One for all.
    One(Box<Template>),
    /// One for each language; in the order of the languages.
    ByLocale(Locales, Vec<Template>),
}

/// A variant: its texts, and who gets them.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// How many shares of all it has, at least 1.
    pub weight: u32,
    /// Its texts.
    pub texts: Texts,
}

/// All texts of a campaign.
#[derive(Debug, Clone)]
pub struct Wordings {
    all: Vec<Wording>,
    branches: Vec<Branch>,
    lot: Lot,
}

impl From<Template> for Wordings {
    /// One text for everybody.
    fn from(template: Template) -> Self {
        Self::same("", Texts::One(Box::new(template)))
    }
}

/// The texts of one variant, or of all where there are none.
#[derive(Debug, Clone)]
struct Branch {
    /// Whoever the lot puts below this, and not below the one before, is in it.
    end: u64,
    first: usize,
    locales: Option<Locales>,
}

/// What somebody reads.
#[derive(Debug, Clone, Copy)]
pub struct Pick<'a> {
    /// Which text.
    pub wording: WordingId,
    /// The language of the text, as exact as the row has it; empty where nothing says.
    pub locale: &'a str,
    /// How it was found.
    pub found: Found,
}

impl Wordings {
    /// The same texts for everybody, up to their language.
    pub fn same(campaign: &str, texts: Texts) -> Self {
        let mut wordings = Self::none(campaign);
        wordings.add(None, 1, texts);
        wordings
    }

    /// Other texts for shares of the people: at least one variant.
    pub fn split(campaign: &str, variants: Vec<Variant>) -> Self {
        let mut wordings = Self::none(campaign);
        for variant in variants {
            wordings.add(Some(variant.name.into()), variant.weight, variant.texts);
        }
        wordings
    }

    fn none(campaign: &str) -> Self {
        Self { all: Vec::new(), branches: Vec::new(), lot: Lot::new(PURPOSE, campaign) }
    }

    fn add(&mut self, variant: Option<Arc<str>>, weight: u32, texts: Texts) {
        let before = self.branches.last().map_or(0, |branch| branch.end);
        let first = self.all.len();
        let (locales, templates) = match texts {
            Texts::One(template) => (None, vec![*template]),
            Texts::ByLocale(locales, templates) => (Some(locales), templates),
        };
        for (at, template) in templates.into_iter().enumerate() {
            let tag = locales.as_ref().and_then(|locales| locales.tags().get(at));
            let locale = tag.map(|tag| Arc::from(tag.as_str()));
            self.all.push(Wording { variant: variant.clone(), locale, template });
        }
        self.branches.push(Branch { end: before + u64::from(weight.max(1)), first, locales });
    }

    /// All of them, by their numbers.
    pub fn all(&self) -> &[Wording] {
        &self.all
    }

    /// Whether one of them tells times, or the recipient's zone.
    pub fn tell_times(&self) -> bool {
        self.all.iter().any(|wording| wording.template.tells_times())
    }

    /// Whether it matters what recipients read: there are several languages, or one of the texts asks.
    pub fn ask_languages(&self) -> bool {
        let several = |branch: &Branch| branch.locales.as_ref().is_some_and(|all| all.tags().len() > 1);
        self.branches.iter().any(several) || self.all.iter().any(|wording| wording.template.asks_language())
    }

    /// Whether a text that is of no named language writes numbers or dates by a language.
    pub fn mix_languages(&self) -> bool {
        self.all.iter().any(|wording| wording.locale.is_none() && wording.template.writes_by_language())
    }

    /// Whether there is more than one, so that it is worth telling who reads which.
    pub fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// What somebody reads whose row says `locale`.
    pub fn pick<'a>(&'a self, id: &str, locale: &'a str) -> Pick<'a> {
        let locale = tag_of(locale);
        let branch = match self.branches.as_slice() {
            [only] => Some(only),
            several => {
                let place = self.lot.place_among(id, several.last().map_or(1, |last| last.end));
                several.iter().find(|branch| place < branch.end)
            }
        };
        let first = branch.map_or(0, |branch| branch.first);
        let Some(locales) = branch.and_then(|branch| branch.locales.as_ref()) else {
            return Pick { wording: number(first), locale, found: Found::Exactly };
        };
        let (at, found) = locales.find(locale);
        let own = locales.tags().get(at).map_or("", |tag| tag.as_str());
        let locale = match found {
            Found::Exactly | Found::ByLanguage => locale,
            Found::Unsaid | Found::Unknown => own,
        };
        Pick { wording: number(first + at), locale, found }
    }
}

/// A campaign has fewer texts than that: its manifest is bounded.
fn number(at: usize) -> WordingId {
    WordingId::try_from(at).unwrap_or(WordingId::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::recipient::Names;

    fn template(text: &str) -> Template {
        Template::compile(text, &Names::of("c", &[], &serde_json::Map::new())).unwrap()
    }

    fn split(weights: &[(&str, u32)]) -> Wordings {
        let variant = |&(name, weight): &(&str, u32)| Variant {
            name: name.to_owned(),
            weight,
            texts: Texts::One(Box::new(template(name))),
        };
        Wordings::split("spring-sale", weights.iter().map(variant).collect())
    }

    /// Frozen: another value here would be another text for people who are being written to. The places that the lot
    /// gives them among 1,000 are 349, 353, 14 and 577 (`lot`).
    #[test]
    fn who_is_in_which_variant_is_the_same_for_ever() {
        let wordings = split(&[("a", 1), ("b", 1), ("c", 2)]);
        let variant = |id| {
            let pick = wordings.pick(id, "");
            wordings.all()[usize::from(pick.wording)].variant.clone().unwrap()
        };
        let picked = ["C-1", "C-2", "+254712345678", ""].map(|id| variant(id).to_string());
        assert_eq!(picked, ["b", "b", "a", "c"]);
    }

    #[test]
    fn a_million_people_are_shared_out_by_the_weights() {
        let weights = [("a", 1), ("b", 2), ("c", 7)];
        let wordings = split(&weights);
        let mut counts = [0_u32; 3];
        for number in 0..1_000_000 {
            counts[usize::from(wordings.pick(&format!("C-{number}"), "").wording)] += 1;
        }
        for ((name, weight), count) in weights.into_iter().zip(counts) {
            let share = f64::from(count) / 1e6 - f64::from(weight) / 10.0;
            assert!(share.abs() < 0.005, "{name}: {counts:?}");
        }
    }

    #[test]
    fn a_variant_may_have_languages_of_its_own() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| tag.parse().unwrap()).collect();
        let texts = |all: &[&str], default| {
            let templates = all.iter().map(|tag| template(tag)).collect();
            Texts::ByLocale(Locales::new(tags(all), default).unwrap(), templates)
        };
        let variants = vec![
            Variant { name: "a".to_owned(), weight: 1, texts: texts(&["en", "sw"], "en") },
            Variant { name: "b".to_owned(), weight: 1, texts: Texts::One(Box::new(template("plain"))) },
        ];
        let wordings = Wordings::split("c", variants);
        let named: Vec<_> =
            wordings.all().iter().map(|one| (one.variant.as_deref(), one.locale.as_deref())).collect();
        assert_eq!(named, [(Some("a"), Some("en")), (Some("a"), Some("sw")), (Some("b"), None)]);
        let ids = || (0..100).map(|number| format!("C-{number}"));
        assert!(ids().all(|id| wordings.pick(&id, "sw-KE").wording != 0));
        assert!(ids().any(|id| wordings.pick(&id, "fr").wording == 0));
        let told = Wordings::same("c", texts(&["en", "sw"], "en"));
        let pick =
            |said| (told.pick("x", said).wording, told.pick("x", said).locale, told.pick("x", said).found);
        assert_eq!(pick("sw_KE"), (1, "sw_KE", Found::ByLanguage));
        assert_eq!(pick("fr"), (0, "en", Found::Unknown));
    }
}

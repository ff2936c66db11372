//! Who reads the text that is being rendered. Filters are functions of a value and know nobody: what they may ask of the
//! recipient is laid down here, on the thread that renders, before each text.

use std::cell::RefCell;

use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;

use crate::message::recipient::Recipient;
use crate::message::segments::Reference;

/// Where somebody's clocks stand, by the zone in their row, or an empty one, and their address: the offset at an instant;
/// nothing where nobody knows; or why their row says nothing.
pub type Clock = fn(timezone: &str, address: &str, at: DateTime<Utc>) -> Result<Option<FixedOffset>, String>;

/// What is the same for all texts of a message.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// See [`Clock`].
    pub clock: Clock,
    /// By whose clock times are told where nobody knows the recipient's.
    pub home: Option<Tz>,
    /// What the parts of a text share.
    pub reference: Reference,
    /// Whether texts are spelled in GSM-7 where that can be done.
    pub respells: bool,
}

impl Setting {
    const NOBODY: Self =
        Self { clock: |_, _, _| Ok(None), home: None, reference: Reference::Eight, respells: false };

    /// In which nobody's clock is known.
    pub fn at(home: Option<Tz>) -> Self {
        Self { home, ..Self::NOBODY }
    }
}

struct Reader {
    locale: String,
    timezone: String,
    address: String,
    setting: Setting,
    /// Nobody reads it: a text is rendered to see whether it is the same for all.
    probing: bool,
    /// Whether anything of this was asked for.
    asked: bool,
}

thread_local! {
    static READER: RefCell<Reader> = const {
        RefCell::new(Reader {
            locale: String::new(),
            timezone: String::new(),
            address: String::new(),
            setting: Setting::NOBODY,
            probing: false,
            asked: false,
        })
    };
}

/// From here on, this thread renders for this recipient.
pub fn read_by(recipient: &Recipient<'_>, setting: &Setting) {
    READER.with_borrow_mut(|reader| {
        let texts = [
            (&mut reader.locale, recipient.locale),
            (&mut reader.timezone, recipient.timezone),
            (&mut reader.address, recipient.address),
        ];
        for (kept, text) in texts {
            kept.clear();
            kept.push_str(text);
        }
        reader.setting = *setting;
        reader.probing = false;
    });
}

/// Renders for nobody, and says whether the text would depend on who reads it.
pub fn probe<T>(render: impl FnOnce() -> T) -> (T, bool) {
    let nobody = Recipient { id: "", address: "", locale: "", timezone: "" };
    read_by(&nobody, &Setting::NOBODY);
    READER.with_borrow_mut(|reader| (reader.probing, reader.asked) = (true, false));
    let rendered = render();
    (rendered, READER.with_borrow(|reader| reader.asked))
}

/// Hands over the tag of the language that is read.
pub fn locale<T>(with: impl FnOnce(&str) -> T) -> T {
    READER.with_borrow_mut(|reader| {
        reader.asked = true;
        with(&reader.locale)
    })
}

/// How the text will be sent.
pub fn setting() -> Setting {
    READER.with_borrow_mut(|reader| {
        reader.asked = true;
        reader.setting
    })
}

/// What the recipient's clocks show, less UTC.
///
/// # Errors
/// Nobody knows, in words.
pub fn offset(at: DateTime<Utc>) -> Result<FixedOffset, String> {
    READER.with_borrow_mut(|reader| {
        reader.asked = true;
        if reader.probing {
            return Ok(at.fixed_offset().timezone());
        }
        let own = (reader.setting.clock)(&reader.timezone, &reader.address, at)?;
        let home = || reader.setting.home.map(|zone| at.with_timezone(&zone).fixed_offset().timezone());
        own.or_else(home).ok_or_else(|| {
            "nothing says in which time zone this is read: name `audience.timezone` or `schedule.timezone`, or say \
             `date(timezone=\"Africa/Nairobi\")`"
                .to_owned()
        })
    })
}

//! Currencies by ISO 4217, with the digits of their smaller unit. Funds, metals and test codes are none.

use crate::diagnostic::did_you_mean;
use crate::expression::Value;

/// A currency of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    /// Its three letters.
    pub code: &'static str,
    /// How many decimals it has.
    pub decimals: u8,
}

const BY_DECIMALS: [(u8, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP \
         CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS \
         INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
         MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE \
         SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR \
         ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

fn all() -> impl Iterator<Item = Currency> {
    let of = |(decimals, codes): (u8, &'static str)| {
        codes.split_whitespace().map(move |code| Currency { code, decimals })
    };
    BY_DECIMALS.into_iter().flat_map(of)
}

fn named(code: &str) -> Option<Currency> {
    // Three letters in a row, without the space between two of them, are one of them.
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    BY_DECIMALS.into_iter().filter(|_| is_code).find_map(|(decimals, codes)| {
        let at = codes.find(code)?;
        Some(Currency { code: codes.get(at..at + 3)?, decimals })
    })
}

/// The currency of a code, in small letters or great ones.
pub fn currency(code: &Value) -> Result<Currency, String> {
    let text = code.as_str().map(|text| text.trim().to_ascii_uppercase()).unwrap_or_default();
    named(&text).ok_or_else(|| {
        let near = did_you_mean(&text, all().map(|currency| currency.code)).filter(|_| text.len() >= 3);
        match near {
            Some(near) => format!("`{code}` is no currency of ISO 4217, did you mean `{near}`?"),
            None => format!("`{code}` is no currency of ISO 4217, such as `KES`"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_found_with_their_decimals() {
        let decimals = |code: &str| currency(&Value::from(code)).map(|currency| currency.decimals);
        for (code, expected) in [("KES", 2), ("jpy", 0), ("UGX", 0), ("KWD", 3), ("CLF", 4), (" eur ", 2)] {
            assert_eq!(decimals(code), Ok(expected), "{code}");
        }
        assert!(decimals("KESH").unwrap_err().contains("did you mean `KES`?"));
        for none in ["", "€", "XAU", "ZZZ9", "S E", "ES KG", "KE"] {
            assert!(decimals(none).is_err(), "{none}");
        }
        assert!(all().all(|currency| named(currency.code) == Some(currency)));
        let mut codes: Vec<&str> = all().map(|currency| currency.code).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]) && codes.iter().all(|code| code.len() == 3));
    }
}

//! Sources into plain expressions: Tera's own way of reading, its binding powers included, of the few things that are
//! plain. Nothing comes of anything else.

use tera::Value;
use tera::value::Key;

use super::{Expr, Operator};

/// Words that are no variables.
const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "in", "is", "if", "else", "for", "loop", "self", "__tera_context"];

/// A whole source.
pub(super) fn expression(source: &str) -> Option<Expr> {
    let tokens = tokens(source)?;
    let mut parser = Parser { rest: &tokens };
    let expr = parser.expression(0)?;
    parser.rest.is_empty().then_some(expr)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'s> {
    Word(&'s str),
    Text(&'s str),
    Int(i64),
    Sign(&'static str),
}

/// The longer ones first.
const SIGNS: [&str; 14] = ["==", "!=", "<=", ">=", "?.", "?[", "<", ">", ".", ",", "[", "]", "(", ")"];

fn tokens(source: &str) -> Option<Vec<Token<'_>>> {
    let mut found = Vec::new();
    let mut rest = source.trim_start_matches(|c: char| c.is_ascii_whitespace());
    while let Some(first) = rest.chars().next() {
        let (token, length) = if matches!(first, '\'' | '"' | '`') {
            let text = rest.get(1..)?.split(first).next()?;
            // Escapes are Tera's business, and so is a text without an end.
            if text.contains('\\') || !rest.get(1 + text.len()..)?.starts_with(first) {
                return None;
            }
            (Token::Text(text), text.len() + 2)
        } else if first.is_ascii_digit() {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            (Token::Int(rest.get(..length)?.parse().ok()?), length)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length =
                rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            (Token::Word(rest.get(..length)?), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        };
        found.push(token);
        rest = rest.get(length..)?.trim_start_matches(|c: char| c.is_ascii_whitespace());
    }
    Some(found)
}

struct Parser<'t, 's> {
    rest: &'t [Token<'s>],
}

impl<'s> Parser<'_, 's> {
    fn next(&mut self) -> Option<Token<'s>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn takes(&mut self, token: Token<'_>) -> bool {
        let there = self.rest.first() == Some(&token);
        if there {
            self.next();
        }
        there
    }

    fn expect(&mut self, token: Token<'_>) -> Option<()> {
        self.takes(token).then_some(())
    }

    /// An expression whose operators bind at least so tightly.
    fn expression(&mut self, least: u8) -> Option<Expr> {
        let mut left = self.operand()?;
        loop {
            if least == 0 && self.takes(Token::Word("if")) {
                let when = Box::new(self.expression(0)?);
                self.expect(Token::Word("else"))?;
                let otherwise = Box::new(self.expression(0)?);
                return Some(Expr::If { when, then: Box::new(left), otherwise });
            }
            let Some((operator, negated)) = self.operator() else { return Some(left) };
            let power = power(operator);
            if power < least {
                return Some(left);
            }
            self.rest = self.rest.get(1 + usize::from(negated)..)?;
            let right = Box::new(self.expression(power + 1)?);
            left = Expr::Both(Box::new(left), operator, right);
            if negated {
                left = Expr::Not(Box::new(left));
            }
        }
    }

    /// The operator that comes next, and whether a `not` stands before it.
    fn operator(&self) -> Option<(Operator, bool)> {
        let operator = match self.rest {
            [Token::Word("not"), Token::Word("in"), ..] => return Some((Operator::In, true)),
            [Token::Word("or"), ..] => Operator::Or,
            [Token::Word("and"), ..] => Operator::And,
            [Token::Word("in"), ..] => Operator::In,
            [Token::Sign("=="), ..] => Operator::Equal,
            [Token::Sign("!="), ..] => Operator::NotEqual,
            [Token::Sign("<"), ..] => Operator::Less,
            [Token::Sign("<="), ..] => Operator::LessOrEqual,
            [Token::Sign(">"), ..] => Operator::Greater,
            [Token::Sign(">="), ..] => Operator::GreaterOrEqual,
            _ => return None,
        };
        Some((operator, false))
    }

    fn operand(&mut self) -> Option<Expr> {
        match self.rest.first()? {
            Token::Word("not") => {
                self.next();
                Some(Expr::Not(Box::new(self.expression(power(Operator::In))?)))
            }
            Token::Sign("(") => {
                self.next();
                let inner = self.expression(0)?;
                self.expect(Token::Sign(")"))?;
                Some(inner)
            }
            Token::Word(name) if constant(Token::Word(name)).is_none() => {
                self.next();
                self.path(name)
            }
            _ => self.literal().map(Expr::Const),
        }
    }

    fn path(&mut self, name: &str) -> Option<Expr> {
        if KEYWORDS.contains(&name) {
            return None;
        }
        let mut of = Expr::Variable(name.to_owned());
        while let Some(Token::Sign(sign @ ("." | "?." | "[" | "?["))) = self.rest.first() {
            self.next();
            let (inner, optional) = (Box::new(of), sign.starts_with('?'));
            let member = |name: &str| Key::from(name.to_owned());
            of = match (sign.ends_with('['), self.next()?) {
                (false, Token::Word(name)) if !is_bool(name) => {
                    Expr::Member { of: inner, key: member(name), optional }
                }
                (true, Token::Text(name)) => Expr::Member { of: inner, key: member(name), optional },
                (true, Token::Int(at)) => Expr::Item { of: inner, at: usize::try_from(at).ok()?, optional },
                _ => return None,
            };
            if sign.ends_with('[') {
                self.expect(Token::Sign("]"))?;
            }
        }
        Some(of)
    }

    /// A constant or a list of constants.
    fn literal(&mut self) -> Option<Value> {
        let first = self.next()?;
        if first != Token::Sign("[") {
            return constant(first);
        }
        let mut items = Vec::new();
        while !self.takes(Token::Sign("]")) {
            if !items.is_empty() {
                self.expect(Token::Sign(","))?;
                if self.takes(Token::Sign("]")) {
                    break;
                }
            }
            items.push(self.literal()?);
        }
        Some(Value::from(items))
    }
}

/// How tightly an operator binds; what stands right of it binds more tightly.
fn power(operator: Operator) -> u8 {
    match operator {
        Operator::Or => 1,
        Operator::And => 3,
        Operator::In => 5,
        _ => 7,
    }
}

fn constant(token: Token<'_>) -> Option<Value> {
    Some(match token {
        Token::Int(int) => Value::from(int),
        Token::Text(text) => Value::from(text),
        Token::Word("true" | "True") => Value::from(true),
        Token::Word("false" | "False") => Value::from(false),
        Token::Word("none" | "None" | "null") => Value::none(),
        Token::Word(_) | Token::Sign(_) => return None,
    })
}

fn is_bool(word: &str) -> bool {
    matches!(word, "true" | "True" | "false" | "False")
}

//! Tokens into plain expressions: Tera's own way of reading, its binding powers included, of the few things that are
//! plain. Nothing comes of anything else.

use tera::Value;
use tera::value::Key;

use super::tokens::Token;
use super::{Convert, Expr, Operator};

/// Words that are no variables.
const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "in", "is", "if", "else", "for", "loop", "self", "__tera_context"];

/// What is left to be read.
#[derive(Clone, Copy)]
pub(super) struct Parser<'t, 's> {
    pub rest: &'t [Token<'s>],
    /// Whether there was a `[… for name in …]`: more than one are Tera's business.
    has_each: bool,
}

impl<'t, 's> Parser<'t, 's> {
    pub fn new(tokens: &'t [Token<'s>]) -> Self {
        Self { rest: tokens, has_each: false }
    }

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

    /// All that is left as one expression.
    pub fn whole(mut self) -> Option<Expr> {
        let expr = self.expression(0)?;
        self.rest.is_empty().then_some(expr)
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
        if self.takes(Token::Word("not")) {
            return Some(Expr::Not(Box::new(self.expression(power(Operator::In))?)));
        }
        self.value()
    }

    /// What operators and filters stand beside.
    pub fn value(&mut self) -> Option<Expr> {
        let mut value = match self.next()? {
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.expect(Token::Sign(")"))?;
                inner
            }
            Token::Sign("[") => self.list()?,
            Token::Sign("{") => self.map()?,
            token => match (constant(token), token) {
                (Some(constant), _) => Expr::Const(constant),
                (None, Token::Word(name)) => self.path(name)?,
                _ => return None,
            },
        };
        while let Some(filtered) = self.filter(&value) {
            value = filtered;
        }
        Some(value)
    }

    /// A value through the filter that comes next, if that is plain.
    fn filter(&mut self, value: &Expr) -> Option<Expr> {
        let of = || Box::new(value.clone());
        match self.rest {
            [
                Token::Sign("|"),
                Token::Word("default"),
                Token::Sign("("),
                Token::Word("value"),
                Token::Sign("="),
                stand_in,
                Token::Sign(")"),
                rest @ ..,
            ] => {
                let stand_in = constant(*stand_in)?;
                self.rest = rest;
                Some(Expr::Default(of(), stand_in))
            }
            [Token::Sign("|"), Token::Word(name), rest @ ..] if rest.first() != Some(&Token::Sign("(")) => {
                let convert = Convert::named(name)?;
                self.rest = rest;
                Some(Expr::Convert(of(), convert))
            }
            _ => None,
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
                (false, Token::Word(name)) => Expr::Member { of: inner, key: member(name), optional },
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

    /// A list behind its `[`: of constants, of expressions, or of one expression for each item of another list.
    fn list(&mut self) -> Option<Expr> {
        let mut items = Vec::new();
        while self.another("]", items.len())? {
            items.push(self.expression(0)?);
            if items.len() == 1 && self.takes(Token::Word("for")) {
                return self.each(items.pop()?);
            }
        }
        let constant = |item: &Expr| match item {
            Expr::Const(value) => Some(value.clone()),
            _ => None,
        };
        let constants: Option<Vec<Value>> = items.iter().map(constant).collect();
        Some(constants.map_or(Expr::List(items), |values| Expr::Const(Value::from(values))))
    }

    fn each(&mut self, item: Expr) -> Option<Expr> {
        if std::mem::replace(&mut self.has_each, true) {
            return None;
        }
        let Token::Word(name) = self.next()? else { return None };
        self.expect(Token::Word("in"))?;
        let Token::Word(list) = self.next()? else { return None };
        let list = Box::new(self.path(list)?);
        self.expect(Token::Sign("]"))?;
        Some(Expr::Each { name: name.to_owned(), list, item: Box::new(item) })
    }

    /// A map behind its `{`.
    fn map(&mut self) -> Option<Expr> {
        let mut entries: Vec<(String, Expr)> = Vec::new();
        while self.another("}", entries.len())? {
            let Token::Text(name) = self.next()? else { return None };
            self.expect(Token::Sign(":"))?;
            // Of two with one name the last would count.
            if entries.iter().any(|(known, _)| known == name) {
                return None;
            }
            entries.push((name.to_owned(), self.expression(0)?));
        }
        Some(Expr::Map(entries))
    }

    /// Whether another entry follows the `before` entries of a list or map; one comma may stand at its end.
    fn another(&mut self, end: &'static str, before: usize) -> Option<bool> {
        if self.takes(Token::Sign(end)) {
            return Some(false);
        }
        if before > 0 {
            self.expect(Token::Sign(","))?;
        }
        Some(!self.takes(Token::Sign(end)))
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

//! What the people of the demonstration say: whole sentences put together from parts, so that
//! every conversation reads differently and has the lengths of real ones (mean about 50 bytes).

use rand::RngExt as _;
use rand::rngs::SmallRng;

const PROBLEMS: [&str; 12] = [
    "my order has not arrived",
    "I was charged twice this month",
    "the app closes when I open my account",
    "I need to change the delivery address",
    "the invoice shows the wrong name",
    "my card was declined but the money is gone",
    "I want to cancel the second line of my contract",
    "the technician did not come today",
    "the voucher says it has expired",
    "I got the wrong size and want to return it",
    "my internet has been down since this morning",
    "I cannot log in after the update",
];
const OPENINGS: [&str; 5] =
    ["Hi,", "Hello, good morning:", "Hey,", "Good afternoon,", "Please help:"];
const DETAILS: [&str; 8] = [
    "It happened on Monday.",
    "The number is on the receipt, I can send a photo.",
    "I already tried turning it off and on.",
    "I have called twice about this.",
    "ok",
    "Yes, that is me.",
    "My email is the one on file.",
    "It says error 403.",
];
const GREETINGS: [&str; 4] = [
    "Hi, thanks for waiting. Let me look at your account.",
    "Hello! I have read what you told the bot, one moment please.",
    "Good day, I am checking this for you right now.",
    "Hi! I can help you with that.",
];
const STEPS: [&str; 7] = [
    "Could you tell me the last four digits?",
    "I can see the order, it left our warehouse yesterday.",
    "I have put in the change, you will get an e-mail in a few minutes.",
    "May I have the date of the purchase?",
    "The refund takes three to five working days.",
    "I am passing this to the technicians with a high priority.",
    "Please try again now, I have reset it on our side.",
];
const FAREWELLS: [&str; 3] = [
    "Is there anything else? Have a good day!",
    "Glad that it works now. Bye!",
    "You are welcome!",
];
const NAMES: [&str; 16] = [
    "Lucía",
    "Mateo",
    "Sofia",
    "Thiago",
    "Emma",
    "Noah",
    "Valentina",
    "Bruno",
    "Camila",
    "Diego",
    "Ana",
    "João",
    "Mariana",
    "Pedro",
    "Olivia",
    "Liam",
];

fn pick<'a>(random: &mut SmallRng, from: &[&'a str]) -> &'a str {
    from[random.random_range(0..from.len())]
}

/// What brings the customer here.
pub(super) fn problem(random: &mut SmallRng) -> String {
    format!("{} {}.", pick(random, &OPENINGS), pick(random, &PROBLEMS))
}

/// A further word of the customer.
pub(super) fn detail(random: &mut SmallRng) -> String {
    pick(random, &DETAILS).to_owned()
}

/// First words of an agent.
pub(super) fn greeting(random: &mut SmallRng) -> String {
    pick(random, &GREETINGS).to_owned()
}

/// A further word of an agent.
pub(super) fn step(random: &mut SmallRng) -> String {
    pick(random, &STEPS).to_owned()
}

/// Last words of an agent.
pub(super) fn farewell(random: &mut SmallRng) -> String {
    pick(random, &FAREWELLS).to_owned()
}

/// A customer's name.
pub(super) fn name(random: &mut SmallRng) -> String {
    pick(random, &NAMES).to_owned()
}

"""The open questions to the protocol owner (clinical specification 3.6), each with the default used meanwhile."""

from domain.protocol import Question

QUESTIONS = (
    Question(
        id="Q1",
        asks="I13.4 against E16.3: may a subject on stable full-dose anticoagulant enter?",
        default="CONFLICT: blocked until the sponsor's ruling is recorded",
    ),
    Question(id="Q2", asks="Cohort-2 adjuvant cycles: 12?", default="12, as in cohort 1"),
    Question(
        id="Q3",
        asks="What happens after R1, R2, RX, R(un), no surgery, progression?",
        default="end of protocol treatment, then follow-up",
    ),
    Question(
        id="Q4",
        asks="Does the one permitted prior cycle count towards the 3, and which regimen and wash-out?",
        default="it does not count: 3 protocol cycles are given",
    ),
    Question(
        id="Q5",
        asks="Screening window, lab, ECG and imaging age; which date is enrollment? "
        "How old may a statement of history be?",
        default="28 d, 7 d, 28 d, 28 d; enrolment is randomization; 28 d, and half of its look-back",
    ),
    Question(
        id="Q6",
        asks="Randomization method, stratification, block policy, replacement, time allowed from RAND to C1D1?",
        default="permuted blocks of 2, 4, 6; none; no replacement; 7 d",
    ),
    Question(
        id="Q7",
        asks="Visit window per D1, maximum delay, missed-dose rule, anlotinib make-up days?",
        default="3 d either side; 21 d, then the investigator decides; none made up",
    ),
    Question(
        id="Q8",
        asks="Dose-level tables and re-treatment criteria per drug; platinum choice and switch; "
        "BSA formula, weight change limit, rounding, GFR cap and weight type?",
        default="gate as at screening; platinum picked per cycle; Mosteller; cap 125 mL/min; actual weight; 1 mg steps",
    ),
    Question(
        id="Q9",
        asks="Surgery outside 28-42 d: allowed to operate, and reported how? "
        "Same for the evaluation window and for adjuvant start.",
        default="recorded as a deviation with escalation; evaluation alike; adjuvant start within 14 d",
    ),
    Question(
        id="Q10",
        asks="Contraception end date (8 weeks after which drug), men, menopause definition?",
        default="last of all study drugs + 56 d; men not covered; women of 18 to 49 years at consent",
    ),
    Question(
        id="Q11",
        asks="CTCAE version, QTc formula, CCr method, dipstick confirmation? "
        "Must ionized calcium (E7) and 24 h urine protein (E16.9) be measured in everyone? Stage groups?",
        default="5.0; Fridericia; Cockcroft-Gault with actual weight; none; measured, or declared not measured; AJCC 9",
    ),
    Question(
        id="Q12",
        asks="SAE addressees and hours at this hospital; AESI list; pregnancy report? Who may send what?",
        default="SAE and pregnancy to sponsor and EC in 24 h; ILD, bleeding, pregnancy; the specification's role table",
    ),
    Question(
        id="Q13",
        asks="Follow-up visits, imaging interval, survival calls, end of study, data retention?",
        default="survival contact every 90 d until the completion date; records kept 5 years and longer",
    ),
)

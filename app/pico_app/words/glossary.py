"""The field's terms, each explained once; `explain` marks their first use in a sentence.

`docs/glossary.md` holds the same: `python -m pico_app.documents.glossary` writes it anew.
"""

import re
from html import escape

# Marked in the app wherever a sentence uses them. One short sentence each, so that it fits a tooltip.
TERMS = {
    "feature column": "One number out of every embedding row: the same place in all images and all texts.",
    "semantic probability": "How probable it is that a column carries meaning: 0 behaves like style, 1 does not.",
    "style prototype": "A typical pattern of columns that vary with how something is shown, not with what.",
    "feedback weight": "How much one batch's suggestion counts in the average prototypes: more where it gained more.",
    "instance weight": "How hard a column pulls a centre in K-means: here q̂ to the power of gamma.",
    "anchor": "An item of the fit split, drawn once; a column's values there are its coordinates as a point.",
    "style similarity": "How much a column looks like the nearest style prototype of one modality: 0 to 1.",
    "p̂": "The sign agreement of a column over all matched pairs: the paper's first hint at meaning.",
    "q̂": "1 - p̂: how often image and text do not agree in sign; the paper's first hint at style.",
    "late interaction": "A score from all tokens: every patch with its best word, every word with its best patch.",
    "MaxSim": "The best partner's similarity, the maximum that late interaction takes for every token.",
    "permuted weights": "The same weights given to other columns at random: what their spread alone does.",
    "column correlation": "The matched correlation of a column taken as its weight: a rival without prototypes.",
    "all-but-the-top": "A rival that removes the mean and the first axis of all items, and weighs nothing.",
    "whitening": "A rival that gives all directions of the space the same variance, and weighs no column.",
    "canonical correlations": "A rival that keeps the directions in which images and their texts vary together.",
    "adjusted for": "With many comparisons some seem to hold by chance; their p values are raised for that.",
    "feedback in random order": "The method with every gain handed to another candidate: a check that gains matter.",
    "modality offset": "A column's mean in images minus its mean in texts; it is not style.",
    "purity": "The share of an item's nearest neighbours that bear its own label.",
    "weighted K-means": "Grouping points around K centres; points of more weight pull their centre more strongly.",
    "exponential moving average": "An average in which every new entry takes a fixed share and the past fades.",
    "softmax": "Shares that grow with the exponential of a number: larger number, larger share, all adding up to 1.",
    "rSum": "Recall at 1, 5 and 10 in both directions, added up: at most 600 points.",
    "test images": "Images that no step has seen: not the fit, not the feedback, not the choice of strength.",
    "guard": "A check on the feedback images: weights are used only if their gain there exceeds its standard error.",
    "feedback split": "The share of images on which candidates are compared; apart from fit and test.",
    "cross axes": "Axes turned to what images and their texts share; the unweighted score stays exactly as it was.",
    "principal axes": "Axes along which all items vary most, in that order.",
    "independent axes": "Axes along which values are as little normal as possible, at right angles to each other.",
    "probe axes": "Axes turned by known styles: the last ones hold what differs most between styles.",
    "shrinkage": "How far the cross axes of a small fit split are drawn to principal ones: 0 not at all, 1 fully.",
    "false discovery": "Of the columns called different, at most this share is expected to be so by chance.",
    "mismatched-pairs null": "The same statistic on images with texts of other images: what chance alone gives.",
    "rank correlation": "Spearman's: 1 if both orders agree fully, 0 if they have nothing in common.",
    "strength": "The exponent λ of the probabilities: 0 is equal weights, 1 the probabilities themselves.",
    "style probe": "The same items in other styles, encoded again: whatever moves within an item is style.",
    "cosine": "1 if two patterns rise and fall together, -1 if one falls where the other rises, 0 without relation.",
    "style labels": "Label columns of the dataset whose name speaks of style, such as style or register.",
    "planted truth": "The share of meaning that was put into every column when the data were made.",
    "other images are drawn": "The fit split drawn again with replacement, and the whole construction repeated.",
    "correlation over pairs": "Pearson's, of a column's value in the image and in its text, over matched pairs.",
    "p̂ above its null": "Sign agreement of matched pairs minus that of mismatched pairs.",
    "sign agreement": "The share of patch-word products of matched pairs that are positive.",
    "Recall at k": "R@k: the share of queries with a right answer among the first k candidates.",
    "recall curve": "Recall at k for every k: it rises from R@1 to 100 per cent.",
    "MRR": "Mean reciprocal rank: the mean of 1 / rank over queries; 100 % if every right answer comes first.",
    "median rank": "Half of the queries have their right answer at this rank or better; 1 is the best.",
    "digest": "A fingerprint of all arrays and texts: equal data have equal digests.",
}

# The same terms as sentences also write them.
FORMS = {
    "feature columns": "feature column",
    "semantic probabilities": "semantic probability",
    "style prototypes": "style prototype",
    "feedback weights": "feedback weight",
    "instance weights": "instance weight",
    "anchors": "anchor",
    "style similarities": "style similarity",
    "pseudo-semantic probability": "p̂",
    "pseudo-semantic probabilities": "p̂",
    "pseudo-style probability": "q̂",
    "modality offsets": "modality offset",
}

# Everyday words that mean something of their own here. A mark at each of them would be everywhere,
# so only the written glossary explains them.
EVERYDAY = {
    "axis": "A direction in which columns are read: a given column, or a mixture of several.",
    "batch": "A random part of the fit images, drawn for one iteration.",
    "bootstrap": "Drawing the images again with replacement, many times, to see how far a number moves by chance.",
    "candidate": "An image or a text that a query could find; all items of the split are candidates.",
    "candidate prototypes": "The style prototypes that one batch suggests, before they are averaged.",
    "column": "Short for feature column.",
    "control": "A simpler or a blind way to do the same, beside every result.",
    "detector": "Any number per column that may tell style from meaning.",
    "embedding": "The rows of numbers that an encoder makes of an image or a text.",
    "encoder": "The model that turns pictures and captions into embeddings.",
    "fit split": "The share of images from which signs, axes and prototypes are read.",
    "gain": "What weights add to retrieval on the feedback split, as a share of what it is without them.",
    "interval": "A range made in such a way that it holds the true value in about 95 of 100 repetitions.",
    "iteration": "One turn of the construction: a batch, candidate prototypes, their gain, the new average.",
    "margin": "How many standard errors a gain must exceed before the guard accepts it.",
    "matched pair": "An image and a text that belong together.",
    "null": "What a number looks like where there is nothing to find.",
    "oracle": "A control that is told the truth, such as the planted one: what perfect knowledge would gain.",
    "patch": "A piece of an image with an embedding row of its own.",
    "prototype": "Short for style prototype.",
    "rank": "The place of the right answer in the list: 1 is the best, and equal scores cost nothing.",
    "register": "The style of a text: plain, formal, poetic and so on.",
    "style": "How something is shown or said, apart from what is shown or said.",
    "test split": "The share of images that is scored once, at the end.",
    "cell": "One variant on one dataset with one seed: the smallest piece of an experiment.",
    "experiment": "Datasets, variants and seeds, every combination scored on its own test split.",
    "seed": "The number that decides how images are divided, drawn and started from; another one is another split.",
    "variant": "One way to score: the method, the method with something changed, or something simpler.",
    "token": "A patch or a word: a piece of an item with an embedding row of its own.",
    "verdict": "Helps, hurts, or no detectable difference: read off the interval of a change.",
    "weight": "The factor of a column in the score; all weights together have the mean 1.",
    "word": "A piece of a text with an embedding row of its own.",
}

_MARKED = (*TERMS, *FORMS)
# No letter on either side: a word border would not do after the hat of p̂.
_ANY = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(escape(term)) for term in sorted(_MARKED, key=len, reverse=True)) + r")(?!\w)"
)


def definition(term: str) -> str:
    """What a term means, in one sentence; a plural means what its singular means.

    Raises:
        KeyError: the glossary lacks it.

    >>> definition("feature columns") == definition("feature column")
    True
    """
    term = FORMS.get(term, term)
    return TERMS[term] if term in TERMS else EVERYDAY[term]


def explain(sentence: str) -> str:
    """The sentence as HTML, escaped, with a tooltip at the first use of every known term.

    >>> explain("no <guard>")[:31]
    'no &lt;<abbr class="term" tabin'
    """
    seen: set[str] = set()

    def mark(match: re.Match[str]) -> str:
        term = match.group()
        if FORMS.get(term, term) in seen:
            return term
        seen.add(FORMS.get(term, term))
        return f'<abbr class="term" tabindex="0" data-tip="{escape(definition(term))}">{term}</abbr>'

    # On one line: after an empty one Markdown would be obeyed again.
    return _ANY.sub(mark, " ".join(escape(sentence, quote=False).split()))

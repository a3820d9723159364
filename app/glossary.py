"""The field's terms, each explained once; `explain` marks their first use in a sentence."""

import re
from html import escape

TERMS = {
    "feature columns": "One number out of every embedding row: the same place in all images and all texts.",
    "feature column": "One number out of every embedding row: the same place in all images and all texts.",
    "semantic probability": "How probable it is that a column carries meaning: 0 behaves like style, 1 does not.",
    "pseudo-semantic probability": "p̂: how often patch and word of matched pairs have the same sign in a column.",
    "pseudo-style": "q̂ = 1 − p̂: how often patch and word of matched pairs do not agree in sign.",
    "anchors": "A fixed set of items; the values of a column in them are its coordinates as a point.",
    "style prototypes": "Typical patterns of columns that vary with how something is shown, not with what is shown.",
    "weighted K-means": "Grouping points around K centres; points of more weight pull their centre more strongly.",
    "exponential moving average": "An average in which every new entry takes a fixed share and the past fades.",
    "softmax": "Shares that grow with the exponential of a number: larger number, larger share, all adding up to 1.",
    "rSum": "Recall at 1, 5 and 10 in both directions, added up: at most 600 points.",
    "test images": "Images that no step has seen: not the fit, not the feedback, not the choice of strength.",
    "guard": "A check on the feedback images: weights are used only if their gain there exceeds its standard error.",
    "feedback split": "The share of images on which candidates are compared; apart from fit and test.",
    "cross axes": "Axes turned to what images and their texts share. The unweighted score stays exactly as it was.",
    "false discovery": "Of the columns called different, at most this share is expected to be so by chance.",
    "mismatched-pairs null": "The same statistic on images with texts of other images: what chance alone gives.",
    "rank correlation": "Spearman's: 1 if both orders agree fully, 0 if they have nothing in common.",
    "strength": "The exponent λ of the probabilities: 0 is equal weights, 1 the probabilities themselves.",
    "style probe": "The same items in other styles, encoded again: whatever moves within an item is style.",
    "style prototype": "A typical pattern of columns that vary with how something is shown, not with what.",
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
_ANY = re.compile("|".join(rf"\b{re.escape(escape(term))}\b" for term in sorted(TERMS, key=len, reverse=True)))


def explain(sentence: str) -> str:
    """The sentence as HTML, escaped, with a tooltip at the first use of every known term.

    >>> explain("no <guard>")[:31]
    'no &lt;<abbr class="term" tabin'
    """
    seen: set[str] = set()

    def mark(match: re.Match[str]) -> str:
        term = match.group()
        if term in seen:
            return term
        seen.add(term)
        return f'<abbr class="term" tabindex="0" data-tip="{escape(TERMS[term])}">{term}</abbr>'

    # On one line: after an empty one Markdown would be obeyed again.
    return _ANY.sub(mark, " ".join(escape(sentence, quote=False).split()))

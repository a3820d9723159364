"""The letters that shapes are written in, once for the whole engine.

    n images      p patches of an image      d feature columns
    m texts       w words of a text          k prototypes      t iterations
    a anchor coordinates of a column         b bootstrap or permutation draws

A global embedding is the case p = w = 1. Masks are boolean, True = a real token.
"""

from jaxtyping import Bool, Float, Int
from torch import Tensor

ImageTokens = Float[Tensor, "n p d"]
ImageMask = Bool[Tensor, "n p"]
TextTokens = Float[Tensor, "m w d"]
TextMask = Bool[Tensor, "m w"]
TextImage = Int[Tensor, " m"]  # the image that each text describes
Columns = Float[Tensor, " d"]  # one number per feature column
PerImage = Float[Tensor, " n"]
Scores = Float[Tensor, "n m"]
ItemMeans = Float[Tensor, "items d"]  # one row per image or per text
ItemTokens = Float[Tensor, "tokens d"]  # the real tokens of one image or of one text
CandidateScores = Float[Tensor, " candidates"]  # of one query
ImageSample = Int[Tensor, " q"]  # some images, by number
PatchMask = Bool[Tensor, " p"]  # of one image

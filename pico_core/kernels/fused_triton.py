"""The Triton programs of the fused score; imported only where Triton is, see `fused` for what surrounds them.

What one program does, and what it costs, for n images of p patches and m texts of w words in d columns:

- **One product.** The real patches of all images lie row after row without gaps, the words of a text in `WIDTH` slots
  (a power of two). A program owns a tile of words (some texts) and a run of images, and walks along their rows:
  [words, d] x [d, patches] in tiles, both directions from the same tile. 2 n m p w d operations in all: 32.1 T at
  1,000 x 5,000 x 196 x 32 x 512, no patch of padding among them (tiles of 128 that started anew at each image would
  spend 256 rows on 196 patches).
- **Epilogue in registers.** Maximum over the words of each text, one number per text and patch; maximum over the
  patches of each image, carried from tile to tile, one number per word. A tile that holds the end of one image and the
  beginning of the next is looked at once for each (1.6 times on average at 196 patches and tiles of 128). Words lie
  along the first axis because the maximum over patches, which is the one that repeats, then stays inside a thread.
- **Words of a text within a warp.** A warp holds 16 rows of every `16 * warps` of a tile. Words are put into rows in
  such an order that a text takes the same 16 places of each (`APART` of them): its maximum takes three exchanges
  between lanes per patch, no shared memory and no barrier. Compiled for compute capability 9.0, a tile of 128 x 128
  on 4 warps takes 255 registers and spills none, two programs fit a multiprocessor, and a warp spends about 430
  instructions on the words and 640 on each image of a tile, while its products take 4,096 cycles at 512 columns:
  where one program reduces, the other multiplies.
- **Bytes.** The table would have 31.4 G entries: 63 GB in 16 bits, written once and read twice. Here leave n m float32
  scores: 20 MB. Tiles of 128 words x 128 patches read 2 x 128 numbers of 2 bytes per column for 2 x 128 x 128
  operations: 64 per byte, tiles of 256 x 128 85 per byte. They come from the second-level cache: neighbouring programs
  share their words or their patches (`BAND`), and what a wave of them reads at a time is a few MB. At 6 to 8 TB/s
  from that cache, 64 per byte are 380 to 510 TFLOP/s: this, not the arithmetic, is the nearest limit on such a card.
- **Sums of integers.** Every item is scaled by a power of two to a longest token of at most 1, so that no similarity
  is above 1, and maxima are added as multiples of 2^-40 (of 2^-22 where the operands have 16 bits). Such sums are
  exact in any order: where an image begins in a tile, which tile size was tuned, how many images a program takes, none
  of it moves a bit. Equal items tie, as far as the matrix unit adds each entry of a tile in the same order of columns.
- **Masks** are -inf: the slots of padding words begin the product at -inf instead of 0, at no cost; patches of another
  image are -inf in the maximum over patches.

Source: beyond the paper (tiled product with its reduction fused, as in the usual fused attention kernels).
"""

import inspect

import triton
import triton.language as tl


def _program(function):
    """Compile at the first launch; what checks shapes while tests run is taken off, Triton reads the source."""
    return triton.jit(inspect.unwrap(function))


@_program
def _tile(
    words,
    patches,
    slot,
    row,
    opening,
    columns,
    PATCHES: tl.constexpr,
    DEPTH: tl.constexpr,
    PRECISION: tl.constexpr,
    UPCAST: tl.constexpr,
):
    """Similarities of a tile of words with a tile of patches; `opening` is 0, or -inf for a slot of padding."""
    table = tl.zeros([opening.shape[0], PATCHES], tl.float32) + opening[:, None]
    for column in range(0, columns, DEPTH):
        left = words.load([slot, column])
        right = patches.load([row, column])
        if UPCAST:
            left = left.to(tl.float32)
            right = right.to(tl.float32)
        table = tl.dot(left, right.T, table, input_precision=PRECISION)
    return table


@_program
def _by_text(values, TEXTS: tl.constexpr, WIDTH: tl.constexpr, APART: tl.constexpr):
    """One number per row of a tile as texts by words: rows of 16 lie `APART` times together in a text."""
    rows = tl.reshape(values, [APART, TEXTS * WIDTH // (16 * APART), 16])
    return tl.reshape(tl.trans(rows, 1, 0, 2), [TEXTS, WIDTH])


@_program
def score_short(
    words,
    patches,
    lengths,
    starts,
    owners,
    text_factors,
    image_factors,
    text_at,
    image_at,
    scores,
    scores_stride,
    n_texts,
    n_images,
    images_each,
    columns,
    WIDTH: tl.constexpr,
    TEXTS: tl.constexpr,
    PATCHES: tl.constexpr,
    DEPTH: tl.constexpr,
    APART: tl.constexpr,
    BAND: tl.constexpr,
    GRID: tl.constexpr,
    SCALE: tl.constexpr,
    PRECISION: tl.constexpr,
    UPCAST: tl.constexpr,
):
    """Scores of `TEXTS` texts, all words of each in one tile, with `images_each` images."""
    SLOTS: tl.constexpr = TEXTS * WIDTH
    n_blocks = tl.cdiv(n_texts, TEXTS)
    n_groups = tl.cdiv(n_images, images_each)
    program = tl.program_id(0)
    band = program // (BAND * n_groups)
    within = program % (BAND * n_groups)
    in_band = tl.minimum(n_blocks - band * BAND, BAND)
    block = band * BAND + within % in_band
    first = within // in_band * images_each

    text = block * TEXTS + tl.arange(0, TEXTS)
    known = text < n_texts
    length = tl.load(lengths + text, mask=known, other=1)
    line = tl.arange(0, SLOTS)
    slot = (line // 16 % (SLOTS // (16 * APART)) * APART + line // (SLOTS // APART)) * 16 + line % 16
    owner = block * TEXTS + slot // WIDTH
    real = slot % WIDTH < tl.load(lengths + owner, mask=owner < n_texts, other=1)
    opening = tl.where(real, 0.0, float("-inf"))

    first_row = tl.load(starts + first)
    end_row = tl.load(starts + tl.minimum(first + images_each, n_images))
    best_patch = tl.full([SLOTS], float("-inf"), tl.float32)
    total = tl.zeros([TEXTS], tl.int64)
    for row in range(first_row, end_row, PATCHES):
        table = _tile(words, patches, block * SLOTS, row, opening, columns, PATCHES, DEPTH, PRECISION, UPCAST)
        by_word = tl.reshape(table, [APART, SLOTS // (16 * APART), 16, PATCHES])
        best_word = tl.max(tl.reshape(tl.trans(by_word, 1, 0, 2, 3), [TEXTS, WIDTH, PATCHES]), 1)
        points = (best_word * SCALE).to(GRID)
        rows = row + tl.arange(0, PATCHES)
        stop = tl.minimum(row + PATCHES, end_row)
        for image in range(tl.load(owners + row), tl.load(owners + stop - 1) + 1):
            low = tl.load(starts + image)
            high = tl.load(starts + image + 1)
            inside = (rows >= low) & (rows < high)
            outside = tl.where(inside, 0.0, float("-inf"))  # added: a choice per entry would cost three times as much
            best_patch = tl.maximum(best_patch, tl.max(table + outside[None, :], 1))
            total += tl.sum(points & tl.where(inside, -1, 0).to(GRID)[None, :], 1).to(tl.int64)
            if high <= stop:
                word_points = (tl.where(real, best_patch, 0.0) * SCALE).to(GRID)
                word_total = tl.sum(_by_text(word_points, TEXTS, WIDTH, APART), 1).to(tl.int64)
                patch_mean = total.to(tl.float32) / (high - low).to(tl.float32)
                word_mean = word_total.to(tl.float32) / length.to(tl.float32)
                factor = tl.load(image_factors + image) * tl.load(text_factors + text, mask=known, other=0.0)
                target = scores + tl.load(image_at + image) * scores_stride
                target += tl.load(text_at + text, mask=known, other=0)
                tl.store(target, (patch_mean + word_mean) / SCALE * factor, mask=known)
                best_patch = tl.full([SLOTS], float("-inf"), tl.float32)
                total = tl.zeros([TEXTS], tl.int64)


@_program
def score_long(
    words,
    patches,
    lengths,
    starts,
    owners,
    best_patches,
    totals,
    n_texts,
    n_images,
    images_each,
    columns,
    pieces,
    SLOTS: tl.constexpr,
    PATCHES: tl.constexpr,
    DEPTH: tl.constexpr,
    GRID: tl.constexpr,
    SCALE: tl.constexpr,
    PRECISION: tl.constexpr,
    UPCAST: tl.constexpr,
):
    """One text whose words fill several tiles, with `images_each` images.

    The maximum over words is complete only after all tiles of words, that over patches only after all tiles of
    patches. The first stays in registers; the second, one number per image and word, goes to `best_patches`
    [n_images, n_texts, pieces * SLOTS]. `totals` [n_images, n_texts] takes the sums over patches.
    """
    text = tl.program_id(0) % n_texts
    first = tl.program_id(0) // n_texts * images_each
    length = tl.load(lengths + text)
    first_row = tl.load(starts + first)
    end_row = tl.load(starts + tl.minimum(first + images_each, n_images))
    total = tl.zeros([1], tl.int64)
    for row in range(first_row, end_row, PATCHES):
        rows = row + tl.arange(0, PATCHES)
        stop = tl.minimum(row + PATCHES, end_row)
        first_image = tl.load(owners + row)
        end_image = tl.load(owners + stop - 1) + 1
        best_word = tl.full([PATCHES], float("-inf"), tl.float32)
        for piece in range(0, pieces):
            slot = piece * SLOTS + tl.arange(0, SLOTS)
            real = slot < length
            opening = tl.where(real, 0.0, float("-inf"))
            from_slot = (text * pieces + piece) * SLOTS
            table = _tile(words, patches, from_slot, row, opening, columns, PATCHES, DEPTH, PRECISION, UPCAST)
            best_word = tl.maximum(best_word, tl.max(table, 0))
            for image in range(first_image, end_image):
                inside = (rows >= tl.load(starts + image)) & (rows < tl.load(starts + image + 1))
                best_patch = tl.max(table + tl.where(inside, 0.0, float("-inf"))[None, :], 1)
                line = (image * n_texts + text.to(tl.int64)) * pieces * SLOTS
                tl.atomic_max(best_patches + line + slot, best_patch, mask=real, sem="relaxed")
        points = (best_word * SCALE).to(GRID)
        for image in range(first_image, end_image):
            high = tl.load(starts + image + 1)
            inside = (rows >= tl.load(starts + image)) & (rows < high)
            total += tl.sum(tl.where(inside, points, 0), 0).to(tl.int64)
            if high <= stop:
                tl.store(totals + image * n_texts + text + tl.arange(0, 1), total)
                total = tl.zeros([1], tl.int64)

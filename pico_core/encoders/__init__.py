"""Pictures and sentences in, patch and word tokens of one space out: OpenCLIP and a small model of our own.

    encoder = load_encoder("ViT-B-32", "weights.safetensors")
    captions = read_captions("captions.csv")
    encoded = encode_dataset(encoder, "images", captions, out="my-dataset")

open_clip is imported only when a model is built or a caption is cut into tokens.
"""

from pico_core.encoders.captions import Captions, read_captions
from pico_core.encoders.dataset import EncodedDataset, encode_dataset
from pico_core.encoders.loading import load_encoder, model_names, pretrained_tags
from pico_core.encoders.openclip import OpenClipEncoder
from pico_core.encoders.protocol import BadItem, EncodedImages, EncodedTexts, Encoder
from pico_core.encoders.small import SmallClipConfig, load_small, save_small, small_clip, small_encoder
from pico_core.encoders.words import vocabulary_of

__all__ = [
    "BadItem",
    "Captions",
    "EncodedDataset",
    "EncodedImages",
    "EncodedTexts",
    "Encoder",
    "OpenClipEncoder",
    "SmallClipConfig",
    "encode_dataset",
    "load_encoder",
    "load_small",
    "model_names",
    "pretrained_tags",
    "read_captions",
    "save_small",
    "small_clip",
    "small_encoder",
    "vocabulary_of",
]

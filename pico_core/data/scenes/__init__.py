"""Rendered scenes in many styles, with captions in many registers, and the truth about both.

Reconstruction of nothing: our own little world, for the demo and for tests. `content` draws what
a scene shows, `rendering` draws it, `styles` draws it again by another hand, `captions` says it;
`dataset` makes many of them from one seed.
"""

from pico_core.data.scenes.dataset import SceneItem, Scenes, ScenesConfig, render_scenes, scene_content, scene_item

__all__ = ["SceneItem", "Scenes", "ScenesConfig", "render_scenes", "scene_content", "scene_item"]

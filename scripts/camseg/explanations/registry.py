"""The explanations that a study can choose from; needs Python alone: the workflow reads it, too.

What makes the maps of each is the module of its name in `camseg.explanations.methods`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """A method of making heat maps: its name in print, what it is, and who has proposed it."""

    title: str
    what: str
    reference: str
    head: str | None = None  # the one head of a model (`networks.options`) that it fits; None: any
    class_blind: bool = False  # the same map whatever class is explained
    of_input: bool = False  # on the image's own grid
    background: bool = False  # compares with ROIs of other patients
    costly: bool = False  # has the network run hundreds of times for a map


EXPLANATIONS = {
    "grad_cam": Explanation(
        "Grad-CAM",
        "each channel by one number, its gradient summed over the positions",
        "Selvaraju et al., 2017",
    ),
    "hires_cam": Explanation(
        "HiResCAM", "each channel by its own gradient at every position", "Draelos and Carin, 2020"
    ),
    "cam": Explanation(
        "CAM",
        "each channel by the head's own weight",
        "Zhou et al., 2016",
        head="gap",
    ),
    "grad_cam_pp": Explanation(
        "Grad-CAM++",
        "each channel by its positive gradients, of large channels less",
        "Chattopadhay et al., 2018",
    ),
    "layer_cam": Explanation(
        "LayerCAM",
        "each channel by its own positive gradient at every position",
        "Jiang et al., 2021",
    ),
    "xgrad_cam": Explanation(
        "XGrad-CAM",
        "each channel by its gradient averaged over its own values",
        "Fu et al., 2020",
    ),
    "eigen_cam": Explanation(
        "Eigen-CAM",
        "each channel by its entry in the features' first singular vector",
        "Bany Muhammad and Yeasin, 2020",
        class_blind=True,
    ),
    "saliency": Explanation(
        "Saliency",
        "each pixel by the size of the gradient there",
        "Simonyan et al., 2014",
        of_input=True,
    ),
    "input_x_gradient": Explanation(
        "Input x gradient",
        "each pixel by its own gradient",
        "Shrikumar et al., 2016",
        of_input=True,
    ),
    "smooth_grad": Explanation(
        "SmoothGrad",
        "each pixel by the size of the gradient there, averaged over noisy images",
        "Smilkov et al., 2017",
        of_input=True,
    ),
    "integrated_gradients": Explanation(
        "Integrated gradients",
        "each pixel by its gradient, averaged on the way from an empty image",
        "Sundararajan et al., 2017",
        of_input=True,
    ),
    "var_grad": Explanation(
        "VarGrad",
        "each pixel by the variance of the gradient there over noisy images",
        "Adebayo et al., 2018",
        of_input=True,
    ),
    "guided_backprop": Explanation(
        "Guided backpropagation",
        "each pixel by what ReLUs that stop negative gradients propagate back",
        "Springenberg et al., 2015",
        of_input=True,
    ),
    "full_grad": Explanation(
        "FullGrad",
        "each pixel by what the input and all biases add to the score there",
        "Srinivas and Fleuret, 2019",
        of_input=True,
    ),
    "expected_gradients": Explanation(
        "Expected gradients (SHAP)",
        "each pixel by its gradient, averaged on the ways from other patients' images",
        "Erion et al., 2021",
        of_input=True,
        background=True,
    ),
    "kernel_shap": Explanation(
        "Kernel SHAP",
        "each superpixel by its Shapley value in the score",
        "Lundberg and Lee, 2017",
        of_input=True,
        costly=True,
    ),
    "occlusion": Explanation(
        "Occlusion",
        "each pixel by what the score loses without the squares that it lies in",
        "Zeiler and Fergus, 2014",
        of_input=True,
        costly=True,
    ),
    "rise": Explanation(
        "RISE",
        "each pixel by the mean score behind the random masks that keep it",
        "Petsiuk et al., 2018",
        of_input=True,
        costly=True,
    ),
    "score_cam": Explanation(
        "Score-CAM",
        "each channel by the score of the part of the image that it shows",
        "Wang et al., 2020",
        costly=True,
    ),
    "ablation_cam": Explanation(
        "Ablation-CAM",
        "each channel by what the score loses without it",
        "Desai and Ramaswamy, 2020",
    ),
}

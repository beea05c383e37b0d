"""Values on GPUs in notebooks, on the GPU of the tests (test/devices/standIn)."""
import sys
from pathlib import Path
from typing import Any

from client import KernelTestCase

TESTS = Path(__file__).parents[2]
MODEL = TESTS / "fixtures" / "gpt2-tiny"
VIEW = "application/vnd.graphpatch.view.v1+json"

# CUDA is for Linux only, and so is what stands for it.
if sys.platform == "linux":

    class Devices(KernelTestCase):
        environment = {"NODE_OPTIONS": f"--require={TESTS / 'devices' / 'standIn' / 'open.cjs'}"}

        def shown(self, code: str) -> dict[str, Any]:
            return self.ok(code).of("execute_result")[0]["data"]

        def test_tensors_are_shown_with_their_device(self) -> None:
            data = self.shown("torch.arange(6, { device: 'cuda:1' }).view([2, 3])")
            self.assertEqual(data["text/plain"], "tensor([[0, 1, 2],\n        [3, 4, 5]], device='cuda:1')")
            self.assertIn("int64[2, 3] · cuda:1", data["text/html"])

        def test_what_probes_saw_on_a_gpu_is_drawn(self) -> None:
            self.ok(
                f"""const model = await AutoModelForCausalLM.fromPretrained({str(MODEL)!r}, {{ deviceMap: {{ "": "cuda:0", "transformer.h.1": "cuda:1" }} }});
                    const inputs = {{ input_ids: torch.tensor([[5, 9, 3]]) }};
                    const pg = await PatchableGraph.capture(model, inputs);
                    const probe = new ProbePatch();
                    await pg.patch({{ "transformer.h_1.mlp": probe }}, () => pg.run(inputs))"""
            )
            view = self.shown("probe.activation")[VIEW]
            self.assertEqual((view["node"], view["shape"]), ("transformer.h_1.mlp.output", [1, 3, 32]))
            self.assertEqual(view["statistics"]["nan"], 0)
            self.assertIn("on cuda:1", self.shown("model")["text/html"])

        def test_a_mixture_of_devices_ends_its_cell_and_not_the_kernel(self) -> None:
            cell = self.run_cell("torch.ones([2], { device: 'cuda:0' }).add(torch.ones([2]))")
            self.assertEqual(cell.reply["ename"], "TorchError")
            self.assertIn("two devices, cuda:0 and cpu", cell.reply["evalue"])
            self.assertEqual(self.ok("torch.cuda.device_count()").result, "2")

# SPDX-License-Identifier: Apache-2.0
"""Models on a Ray cluster: a predictor for Ray Data, a deployment for Ray Serve. Needs `pip install ramet[ray]`.

    images = ray.data.read_binary_files(folder, include_paths=True)
    for row in ramet.ray.predict(images, model, concurrency=4).iter_rows():
        print(row["path"], row["error"] or row["result"])

    serve.run(ramet.ray.deployment(model, num_replicas=4))

A model travels as what it was opened from: the paths must be there on every node. Actors of one node map the same weights
where the model has a cache directory, which is the default.
"""
from __future__ import annotations

import asyncio
import concurrent.futures
import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

try:
    import ray.data
    from ray import serve
    from ray.util import metrics
except ImportError as error:
    raise ImportError("ramet.ray needs Ray: pip install 'ramet[ray]'") from error

from ._errors import RametError
from ._images import to_array
from ._model import Predictor

#: Images whose sides fall into the same steps of so many pixels share a batch.
BUCKET_PIXELS = 64

HEALTH_IMAGE = np.zeros((32, 32, 3), np.uint8)


class BatchPredictor:
    """For Dataset.map_batches(): adds the columns `result`, JSON text, and `error`, which is empty when it went well.

    image: the column of images: encoded files as bytes, paths, or arrays as ramet.imread() gives them. Rows that fail have an
    empty result; they stop nothing. Further columns stay.
    """

    def __init__(self, model: "Predictor[Any]", image: str = "bytes", **keywords: Any) -> None:
        self._model, self._image, self._keywords = model, image, keywords

    def _say(self, image: Any) -> Tuple[str, str]:
        try:
            return self._model.predict(image, **self._keywords).to_json(), ""
        except RametError as error:
            return "", str(error)

    def __call__(self, batch: Dict[str, Any]) -> Dict[str, Any]:
        """A batch of columns, as numpy arrays or lists."""
        said = [self._say(image) for image in batch[self._image]]
        return {**batch, "result": np.array([result for result, _ in said], object),
                "error": np.array([error for _, error in said], object)}


def predict(dataset: "ray.data.Dataset", model: "Predictor[Any]", concurrency: int = 2, batch_size: int = 16,
            image: str = "bytes", num_cpus: float = 1, **keywords: Any) -> "ray.data.Dataset":
    """The dataset with the columns of BatchPredictor, from a pool of `concurrency` actors, each with one thread of work.

    An actor that dies is started again and its batches are worked on once more; none is lost. Rows come in the order of the
    dataset: preserve_order is set for it. keywords go to the model's predict().
    """
    dataset.context.execution_options.preserve_order = True
    return dataset.map_batches(
        BatchPredictor, fn_constructor_args=(model,), fn_constructor_kwargs={"image": image, **keywords},
        compute=ray.data.ActorPoolStrategy(size=concurrency), batch_size=batch_size, num_cpus=num_cpus)


def _bucket(image: "np.ndarray[Any, Any]") -> Tuple[int, ...]:
    return tuple(-(-side // BUCKET_PIXELS) for side in image.shape[:2])


class _Outcome:
    """What is answered for one image."""

    def __init__(self, status: int, said: str) -> None:
        self.status, self.said = status, said


class ImageServer:
    """Answers images with JSON: the body of a request is an encoded file. Made into a deployment by deployment().

    Requests that come together are worked on in batches of images of like size. An image that cannot be read is answered
    with status 400 and {"error": ...}. Replicas are healthy while they can predict.
    """

    def __init__(self, model: "Predictor[Any]", max_batch_size: int = 8, batch_wait_timeout_s: float = 0.005) -> None:
        self._model = model
        # One thread a replica: the loop of the server goes on meanwhile, and more replicas share the weights.
        self._worker = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="ramet")
        self._images = metrics.Counter("ramet_images", "Images that were answered.", tag_keys=("outcome",))
        self._sizes = metrics.Histogram("ramet_batch_images", "Images in a batch.", boundaries=[1, 2, 4, 8, 16, 32])
        self._answer.set_max_batch_size(max_batch_size)  # type: ignore[attr-defined]
        self._answer.set_batch_wait_timeout_s(batch_wait_timeout_s)  # type: ignore[attr-defined]

    async def __call__(self, request: Any) -> Any:
        """An HTTP request."""
        from starlette.responses import Response
        outcome = await self.answer(await request.body())
        return Response(outcome.said, outcome.status, media_type="application/json")

    async def answer(self, encoded: bytes) -> _Outcome:
        """The outcome for one encoded file; for callers with a handle of the deployment."""
        outcome: _Outcome = await self._answer(encoded)  # type: ignore[call-arg, arg-type, misc]
        self._images.inc(tags={"outcome": "ok" if outcome.status == 200 else "refused"})
        return outcome

    @serve.batch
    async def _answer(self, encoded: List[bytes]) -> List[_Outcome]:
        self._sizes.observe(len(encoded))
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._work, encoded)

    def _work(self, encoded: Sequence[bytes]) -> List[_Outcome]:
        outcomes: List[Optional[_Outcome]] = [None] * len(encoded)
        buckets: Dict[Tuple[int, ...], List[Tuple[int, Any]]] = {}
        for i, data in enumerate(encoded):
            try:
                image = to_array(data)
                buckets.setdefault(_bucket(image), []).append((i, image))
            except RametError as error:
                outcomes[i] = _refusal(error)
        for members in buckets.values():
            for (i, _), outcome in zip(members, self._predict([image for _, image in members])):
                outcomes[i] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _predict(self, images: List[Any]) -> List[_Outcome]:
        """One image that fails does not take its batch with it."""
        try:
            return [_Outcome(200, result.to_json()) for result in self._model.batch_predict(images)]
        except RametError as error:
            if len(images) == 1:
                return [_refusal(error)]
            return [outcome for image in images for outcome in self._predict([image])]

    def check_health(self) -> None:
        """Called by Ray: raises when this replica cannot predict any more."""
        self._worker.submit(self._model.predict, HEALTH_IMAGE).result()


def _refusal(error: RametError) -> _Outcome:
    return _Outcome(400, json.dumps({"error": str(error)}, ensure_ascii=False))


def deployment(model: "Predictor[Any]", max_batch_size: int = 8, batch_wait_timeout_s: float = 0.005,
               **options: Any) -> Any:
    """An application for serve.run(): ImageServer over the model.

    max_batch_size, batch_wait_timeout_s: as of serve.batch. options: of serve.deployment (num_replicas, autoscaling_config,
    max_ongoing_requests, health_check_period_s, ray_actor_options, ...). Metrics: those of Ray Serve, and ramet_images and
    ramet_batch_images.
    """
    return serve.deployment(ImageServer, **options).bind(model, max_batch_size, batch_wait_timeout_s)

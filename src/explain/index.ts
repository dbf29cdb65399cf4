// Looking inside a network: what speaks for its answer, what its layers put out, how its gradients get through.

export { type FeatureMap, FeatureMaps, type FeatureMapsOptions, featureMaps } from './feature-maps.ts';
export { enlargeHeatMap, GradCam, type GradCamOptions, type GradCamResult, gradCam, type HeatMap } from './grad-cam.ts';
export { type LayerOutput, layerOutputs } from './layers.ts';
export { NormProbe, type NormProbeOptions, probeSample } from './norms.ts';

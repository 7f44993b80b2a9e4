package satellite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// The environment by which the chart makes coderd a satellite (coder/enterprise-helm, templates/coderd.yaml).
const (
	envPrimary    = "CODER_PRIMARY_ACCESS_URL"
	envAccess     = "CODER_SATELLITE_ACCESS_URL" // a primary has none
	envAlternates = "CODER_ALTERNATE_HOSTNAMES"
)

// environment returns the plain variables of the containers. Those from Secrets are empty.
func environment(deployment *appsv1.Deployment) map[string]string {
	all := map[string]string{}
	for _, container := range deployment.Spec.Template.Spec.Containers {
		for _, variable := range container.Env {
			all[variable.Name] = variable.Value
		}
	}
	return all
}

// describeRendered adds what the Deployment says of a satellite that Argo CD rendered. A record of Helm's from before says
// nothing of it. The values are those that can be read off.
func (s *State) describeRendered(deployment *appsv1.Deployment) {
	s.Installed, s.LastStatus, s.Rendered = true, "deployed", deployment
	for _, container := range deployment.Spec.Template.Spec.Containers {
		if container.Name == Workload {
			image, _, _ := strings.Cut(container.Image, "@")
			s.AppVersion = image[strings.LastIndexByte(image, ':')+1:]
		}
	}
	if _, err := coder.ParseVersion(s.AppVersion); err != nil {
		s.AppVersion = deployment.Labels["app.kubernetes.io/version"]
	}
	s.ChartName, s.ChartVersion = "coder", cmp.Or(strings.TrimPrefix(deployment.Labels["helm.sh/chart"], "coder-"), s.AppVersion)
	found := environment(deployment)
	coderd := map[string]any{"satellite": map[string]any{"enable": true, "primaryURL": found[envPrimary], "accessURL": found[envAccess]}}
	if names := found[envAlternates]; names != "" {
		var list []any
		for name := range strings.SplitSeq(names, ",") {
			list = append(list, name)
		}
		coderd["alternateHostnames"] = list
	}
	s.Values = map[string]any{"coderd": coderd}
}

// renderedDifferences says how the Deployment differs from the one that the chart makes with the values, in what a satellite
// needs: images, environment and volumes. The rest is its owner's to choose.
func (s State) renderedDifferences(spec Spec, c *Chart) []string {
	name := cmp.Or(s.Rendered.Labels["app.kubernetes.io/instance"], Workload)
	manifest, err := At(nil, s.Rendered.Namespace, name).manifest(spec, c, "")
	if err != nil {
		return []string{err.Error()}
	}
	wanted := objectIn[appsv1.Deployment](manifest, "Deployment", Workload)
	if wanted == nil {
		return []string{fmt.Sprintf("chart %s %s makes no Deployment %s", c.Metadata.Name, c.Metadata.Version, Workload)}
	}
	missing := missingValues(parts(s.Rendered.Spec.Template.Spec), parts(wanted.Spec.Template.Spec), "")
	if len(missing) > 0 {
		return []string{"Deployment " + Workload + " lacks " + strings.Join(missing, ", ")}
	}
	return nil
}

// parts returns the images, and the environment and volumes by their names, as JSON holds them.
func parts(pod corev1.PodSpec) map[string]any {
	found := map[string]any{}
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		found["image "+container.Image] = true
		for _, variable := range container.Env {
			found["environment variable "+variable.Name] = variable
		}
	}
	for _, volume := range pod.Volumes {
		found["volume "+volume.Name] = volume
	}
	return plainSatellite(found)
}

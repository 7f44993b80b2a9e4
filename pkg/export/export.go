// Package export writes satellites as objects of Flux and Argo CD, so that either adopts what the plugin or Helm installed,
// and rollouts as Jobs of Kubernetes. It reads values files, and reaches no server.
package export

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

const prefix, oci = "coder-satellite-", "oci://" // of objects that are named after a region; of a chart in a registry

//go:embed templates
var templates embed.FS

// Options say how satellites are managed. "{region}" in the names of Secrets stands for the region's name.
type Options struct {
	KubeconfigSecret, HubNamespace string   // if one Flux manages all: the Secrets with the clusters' kubeconfigs, and where objects are
	ValuesSecrets                  []string // NAME or NAME:KEY, beside the HelmRelease: they hold further values
	ArgoNamespace, Project         string   // of Applications
	ApplicationSet                 bool     // in place of Applications
}

// File is a file of a Git repository: YAML documents, after comments that say what to do with it.
type File struct {
	Name, Text string // the text is the same for the same fleet; its first line is that of every exported file
	Alone      bool   // it is for another cluster than the other files
}

// Flux returns a file with a HelmRelease for each satellite of the fleet, whose CoderURL must be set; for a hub, first one of
// what they share. version is that of a chart for which the fleet names none. Errors quote no values.
func Flux(f *fleet.Fleet, version string, o Options) (files []File, err error) {
	all, err := items(f, version, o)
	if hub := o.KubeconfigSecret; hub != "" && len(all) > 0 {
		if len(all) > 1 && !strings.Contains(hub, "{region}") {
			err = errors.Join(err, fmt.Errorf("--kubeconfig-secret-ref %s: each region needs its own: write {region} where the region's name goes", hub))
		}
		files, err = appendFile(files, err, "_shared.yaml", "flux-shared.tmpl", item{Satellite: all[0].Satellite, Home: o.HubNamespace})
	}
	for _, s := range all {
		named := strings.NewReplacer("{region}", strings.TrimPrefix(s.Object, prefix), "Secret/", "") // Flux's CLI writes the kind
		if s.Home = s.Namespace; o.KubeconfigSecret != "" {
			s.Home, s.Kubeconfig = o.HubNamespace, named.Replace(o.KubeconfigSecret)
		}
		for _, secret := range o.ValuesSecrets {
			name, key, _ := strings.Cut(named.Replace(secret), ":")
			s.From = append(s.From, [2]string{name, cmp.Or(key, "values.yaml")})
		}
		files, err = appendFile(files, err, s.Region+".yaml", "flux.tmpl", s)
	}
	return files, err
}

// ArgoCD returns a file with an Application for each satellite, or one with an ApplicationSet; see Flux. Argo CD must know the
// clusters by the names of the kubeconfig contexts, as `argocd cluster add CONTEXT` names them.
func ArgoCD(f *fleet.Fleet, version string, o Options) (files []File, err error) {
	all, err := items(f, version, o)
	for _, s := range all {
		files, err = appendFile(files, err, s.Region+".yaml", "application.tmpl", s)
	}
	if o.ApplicationSet && err == nil {
		return appendFile(nil, nil, "applicationset.yaml", "applicationset.tmpl", item{Satellite: all[0].Satellite, Options: o, All: all})
	}
	return files, err
}

// item is a satellite to export, as the templates show it.
type item struct {
	fleet.Satellite // its chart has a version
	Options
	Region, Object   string         // the region's name, and that of objects that are named after it
	Values           map[string]any // with which the plugin would install, without those that look like secrets
	Secrets          []string       // the keys of those, such as "coderd.password", sorted
	Home, Kubeconfig string         // the HelmRelease's namespace, and the Secret on a hub
	From             [][2]string    // Secrets with values, and their keys
	After, All       []item         // those of the wave before; those of an ApplicationSet
}

// items returns the fleet's satellites, wave by wave.
func items(f *fleet.Fleet, version string, o Options) (all []item, err error) {
	var before []item
	for _, wave := range f.Waves {
		first := len(all)
		for _, region := range f.Regions {
			if region.Satellite.None() || !slices.Contains(wave.Regions, region.Name) {
				continue
			}
			s := item{Satellite: region.Satellite, Options: o, Region: region.Name, Object: region.Object(), After: before}
			s.Chart.Version = cmp.Or(s.Chart.Version, version)
			values, bad := satellite.MergeValues(s.ValueFiles, s.Sets, satellite.URLs{Primary: f.CoderURL, Access: s.AccessURL, Unified: s.UnifiedURL})
			redact.Object(values)
			s.Values, s.Secrets = values, takeSecrets(values, "")
			if slices.ContainsFunc(all, func(other item) bool { return other.Object == s.Object }) || len(s.Object) > validation.DNS1123LabelMaxLength {
				bad = errors.Join(bad, fmt.Errorf("its object cannot be named %s, which is too long or another region's: rename the region in the Fleet file", s.Object))
			}
			if bad != nil {
				err = errors.Join(err, fmt.Errorf("region %q: %w", region.Name, bad))
			}
			all = append(all, s)
		}
		if len(all) > first {
			before = all[first:]
		}
	}
	if len(all) == 0 {
		return nil, errors.New("none of these regions has a satellite: there is nothing to export")
	}
	if chart := all[0].Chart; chart.Repo == "" && !strings.HasPrefix(chart.Name, oci) { // which is the fleet's
		return nil, fmt.Errorf("the chart %s is a folder or file on this machine, which no controller can fetch: publish it, and name its repository "+
			"(chart.repo and chart.name in the Fleet file, or --repo and --chart) or an oci:// reference", chart.Name)
	}
	return all, err
}

// takeSecrets removes the values in which something was redacted, and returns their keys, sorted. A list goes as a whole,
// because Helm merges only tables.
func takeSecrets(values map[string]any, at string) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if table, ok := values[key].(map[string]any); ok {
			keys = append(keys, takeSecrets(table, at+key+".")...)
		} else if strings.Contains(fmt.Sprint(values[key]), redact.Mark) {
			keys = append(keys, at+key)
			delete(values, key)
		}
	}
	return keys
}

// appendFile appends a file made by the template for a satellite, and an error.
func appendFile(files []File, before error, name, by string, s item) ([]File, error) {
	if len(s.Secrets) > 0 && len(s.From) == 0 {
		before = errors.Join(before, fmt.Errorf("region %q: values that look like secrets must not go into Git: %s. Use settings of the chart that name a Secret; "+
			"Flux also takes values from a Secret: --values-from NAME[:KEY]", s.Region, strings.Join(s.Secrets, ", ")))
	}
	return renderTo(files, before, name, by, s)
}

// renderTo appends a file made by the template, and an error.
func renderTo(files []File, before error, name, by string, data any) ([]File, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"key":        func() [2]string { return [2]string{satellite.KeySecret, satellite.KeySecretField} },
		"repository": func(c v1alpha1.Chart) string { return cmp.Or(c.Repo, path.Dir(strings.TrimPrefix(c.Name, oci))) },
		"chart":      func(c v1alpha1.Chart) string { return path.Base(c.Name) },
		"yaml": func(column int, value any) (string, error) { // of a key in that column; keys in the value are sorted
			text, err := yaml.Marshal(value)
			return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n"+strings.Repeat(" ", column)), err
		},
	}).ParseFS(templates, "templates/*.tmpl")
	var text strings.Builder
	if err == nil {
		err = t.ExecuteTemplate(&text, by, data)
	}
	s, is := data.(item)
	return append(files, File{Name: name, Text: text.String(), Alone: is && by == "flux.tmpl" && s.Kubeconfig == ""}), errors.Join(before, err)
}

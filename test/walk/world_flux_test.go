package walk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// helmRelease is the name of the one by which Flux owns the legacy release.
const helmRelease = "envproxy"

// postRenderer adds Flux's labels to the envproxy Deployment, as helm-controller adds them to every object.
const postRenderer = `#!/bin/sh
exec sed '/^kind: Deployment/,/^spec:/s|^    coder.deployment: envproxy$|&\n    helm.toolkit.fluxcd.io/name: envproxy\n    helm.toolkit.fluxcd.io/namespace: coder|'
`

// install makes Flux the owner of the walker's legacy release: there is a HelmRelease, and the release is what Flux installs.
func installFlux(ctx context.Context, lab *inlab.Lab, v *meddle.View) error {
	definition, err := filepath.Abs("../e2e/testdata/flux.yaml")
	if err != nil {
		return err
	}
	object := fmt.Sprintf(`{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":%q,"namespace":%q},"spec":{"interval":"1m"}}`, helmRelease, v.Namespace)
	err = errors.Join(os.WriteFile(lab.Path("helmrelease.json"), []byte(object), 0o600), os.WriteFile(lab.Path("post-renderer"), []byte(postRenderer), 0o700))
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"apply", "--filename", definition},
		{"wait", "--for=condition=Established", "customresourcedefinition/helmreleases.helm.toolkit.fluxcd.io"},
		{"create", "--filename", lab.Path("helmrelease.json")},
	} {
		if _, err := lab.Kubectl(ctx, v.Context, args...); err != nil {
			return err
		}
	}
	if done := lab.Helm(ctx, v.Context, "uninstall", inlab.LegacyRelease, "--namespace", v.Namespace); done.Code != 0 {
		return fmt.Errorf("helm uninstall: %s", done)
	}
	done := lab.Helm(ctx, v.Context, fluxInstalls(lab, v)...)
	if done.Code != 0 {
		return fmt.Errorf("helm upgrade: %s", done)
	}
	v.HelmRelease = helmRelease
	return nil
}

// fluxInstalls are Helm's arguments to make the legacy release what its HelmRelease says.
func fluxInstalls(lab *inlab.Lab, v *meddle.View) []string {
	return []string{
		"upgrade", "--install", inlab.LegacyRelease, lab.LegacyChart("1.20.0"), "--namespace", v.Namespace, "--reset-values", "--post-renderer", lab.Path("post-renderer"),
		"--set", "envproxy.token=envproxy-token-of-" + v.Name + ",envproxy.accessURL=" + v.EnvproxyURL + ",envproxy.clusterAddress=" + lab.Server(v.Context) + ",cemanager.accessURL=" + lab.PrimaryURL,
	}
}

func fluxActions() []named {
	set := func(suspended, reconciles bool) action {
		return func(ctx context.Context, w *walker, v *view, s step) (string, error) {
			if err := w.suspend(ctx, v, suspended); err != nil {
				return "", err
			}
			if reconciles && s.pick%2 == 0 {
				return reconcile(ctx, w, v, s)
			}
			return fmt.Sprintf("suspended: %t", suspended), nil
		}
	}
	return []named{
		{"Flux reconciles", 14, reconcile},
		{"somebody resumes the HelmRelease", 14, set(false, true)},
		{"somebody suspends the HelmRelease", 7, set(true, false)},
	}
}

// reconcile is what helm-controller does unless it is suspended. It installs a release that is gone, too, but here not
// where it was removed for good, since somebody has deleted the HelmRelease then.
func reconcile(ctx context.Context, w *walker, v *view, _ step) (string, error) {
	value, err := w.lab.Kubectl(ctx, v.Context, "--namespace", v.Namespace, "get", "helmrelease", helmRelease, "-o", "jsonpath={.spec.suspend}")
	if err != nil {
		return "", err
	}
	facts, err := v.Look(ctx)
	switch {
	case err != nil:
		return "", err
	case value == "true":
		return nothing("it is suspended")
	case facts.Switch == meddle.AlwaysOn && facts.Deployed() == nil:
		return nothing("the legacy release was removed for good")
	}
	if _, err := w.helm(ctx, v.Context, fluxInstalls(w.lab, v.View)...); err != nil {
		return "", err
	}
	return "the legacy release is upgraded", nil
}

// suspend suspends or resumes the HelmRelease, as somebody does.
func (w *walker) suspend(ctx context.Context, v *view, suspended bool) error {
	_, err := w.lab.Kubectl(ctx, v.Context, "--namespace", v.Namespace, "patch", "helmrelease", helmRelease, "--type=merge", "--patch", fmt.Sprintf(`{"spec":{"suspend":%t}}`, suspended))
	return err
}

// obeyFlux does what a command of Flux's CLI does that a message names.
func (w *walker) obeyFlux(ctx context.Context, words []string) string {
	return fmt.Sprint(w.suspend(ctx, w.views[0], slices.Contains(words, "suspend")))
}

// checkFlux checks that only a rollback that is asked to resumes the HelmRelease, and only what a run suspended.
func checkFlux(v *view, done ran) []violation {
	if done.world != "" || v.before.Flux != meddle.Suspended || v.facts.Flux != meddle.Reconciles {
		return nil
	}
	for _, one := range done.both() {
		if strings.Contains(one.verb, "--gitops resume") && v.suspends {
			return nil
		}
	}
	return []violation{violated("resumed", "%q resumed the HelmRelease; a run had suspended it: %t", done.step, v.suspends)}
}

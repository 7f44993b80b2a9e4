package walk

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// rounds is how many runs for each provider it may take until the region is healthy: each run may
// suggest a command, and these are followed one at a time.
const rounds = 8

// heal ends all disturbances, and follows the plugin's advice until the region is healthy: the
// command under `next` if it changes something, the commands of failed checks, and migrate. It
// returns a violation if that does not work.
func (w *walker) heal(ctx context.Context) ([]violation, error) {
	found, err := w.checkLeavings(ctx)
	if err != nil || len(found) > 0 {
		return found, err
	}
	if err := w.behave(ctx); err != nil {
		return nil, fmt.Errorf("the world cannot behave: %w", err)
	}
	verb, followed := "migrate", map[string]bool{}
	for range rounds * len(w.views) {
		done, found, err := w.healing(ctx, verb)
		if err != nil || len(found) > 0 {
			return found, err
		}
		status, found, err := w.healing(ctx, "status")
		if err != nil || len(found) > 0 {
			return found, err
		}
		if status.code == 0 && w.healthy() == nil {
			return nil, nil
		}
		verb = w.follow(ctx, done, status, followed)
	}
	return []violation{violated("does not heal", "after %d rounds: %v\n  %s", rounds*len(w.views), w.healthy(), w.told())}, nil
}

// healthy returns what is missing from a migrated region.
func (w *walker) healthy() error {
	var errs []error
	for _, v := range w.views {
		if err := healthy(v.facts); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.Name, err))
		}
	}
	return errors.Join(errs...)
}

// told describes the facts of all views.
func (w *walker) told() string {
	var lines []string
	for _, v := range w.views {
		lines = append(lines, v.Name+": "+v.facts.String())
	}
	return strings.Join(lines, "\n  ")
}

// healthy returns what is missing from a migrated provider.
func healthy(f meddle.Facts) error {
	switch {
	case f.Switch == meddle.Off:
		return errors.New("Networking v2 is off")
	case !f.HasSatellite:
		return errors.Join(f.Rule(), f.Served())
	case newest(f.Records) != "deployed":
		return fmt.Errorf("the satellite's release is %s", newest(f.Records))
	case len(f.Registrations) != 1:
		return fmt.Errorf("%d registrations: %v", len(f.Registrations), f.Registrations)
	case f.Holder != "":
		return fmt.Errorf("the lock is held by %s", f.Holder)
	}
	return errors.Join(f.Rule(), f.Served())
}

// healing runs a verb without a disturbance.
func (w *walker) healing(ctx context.Context, verb string) (ran, []violation, error) {
	done, err := w.run(ctx, step{verb: verb})
	if err != nil {
		return done, nil, err
	}
	if err := w.settle(ctx); err != nil {
		return done, nil, err
	}
	text := done.String()
	if done.status != nil {
		for _, check := range done.status.Checks {
			if check.State == v1alpha1.CheckFail || check.State == v1alpha1.CheckUnknown {
				text += fmt.Sprintf("; %s %s: %s (%s)", check.ID, check.Provider, check.Message, check.Hint)
			}
		}
	}
	w.note("healing: %s: %s", verb, text)
	return done, w.judge(done), nil
}

// behave undoes the damage that the plugin cannot fix. If a legacy release was destroyed together
// with its backups, behave installs it again.
func (w *walker) behave(ctx context.Context) error {
	for _, v := range w.views {
		if err := errors.Join(v.rename(v.Name), v.failBuilds(""), ignoreMissing(v.allow(ctx)), v.mendLegacy(ctx)); err != nil {
			return err
		}
	}
	if err := w.mendSatellite(ctx); err != nil {
		return err
	}
	if w.expired {
		if err := w.renewToken(); err != nil {
			return err
		}
	}
	for _, v := range w.views {
		if f := v.facts; !v.BuiltIn && f.Deployed() == nil && len(f.Backups) == 0 && f.Switch != meddle.AlwaysOn {
			if err := w.reinstallLegacy(ctx, v); err != nil {
				return err
			}
		}
	}
	err := w.settle(ctx)
	w.worldActed()
	w.note("the world behaves")
	return err
}

func (w *walker) reinstallLegacy(ctx context.Context, v *view) error {
	// the record of a killed Helm would block Helm
	if err := deleteRecords(ctx, v.Direct, v.Namespace, inlab.LegacyRelease); err != nil {
		return err
	}
	_, err := w.helm(ctx, v.Context, "upgrade", "--install", inlab.LegacyRelease, w.lab.LegacyChart("1.20.0"), "--namespace", v.Namespace,
		"--set", "envproxy.token=envproxy-token-of-"+v.Name+",envproxy.accessURL="+v.EnvproxyURL+",envproxy.clusterAddress="+w.lab.Server(v.Context)+",cemanager.accessURL="+w.lab.PrimaryURL)
	return err
}

// follow runs the commands in the plugin's messages, each once, and returns the verb to run next.
// It stops at the first verb of the plugin, since that may make the other commands unnecessary.
func (w *walker) follow(ctx context.Context, done, status ran, followed map[string]bool) string {
	verb := "migrate"
	var advice []string
	if done.report != nil {
		if next, ok := pluginVerb(done.report.Next); ok {
			verb = next
		}
		advice = append(advice, done.report.Error)
		advice = append(advice, done.report.Left...)
		advice = append(advice, spoken(done.report.Preflight)...)
	}
	if status.status != nil {
		advice = append(advice, spoken(status.status.Checks)...)
	}
	for _, command := range commands(advice) {
		next, ok := pluginVerb(command)
		if followed[command] || ok && (next == "migrate" || verb != "migrate") {
			continue
		}
		followed[command] = true
		if ok {
			return next // the commands after it are for later
		}
		w.note("healing: %s: %s", command, w.obey(ctx, command))
		if err := w.settle(ctx); err != nil {
			w.note("healing: %v", err)
		}
	}
	return verb
}

// spoken returns the messages and hints of failed checks.
func spoken(checks []v1alpha1.CheckResult) []string {
	var texts []string
	for _, check := range checks {
		if check.State == v1alpha1.CheckFail {
			texts = append(texts, check.Message, check.Hint)
		}
	}
	return texts
}

// commands returns the commands in the texts, with or without backticks.
func commands(texts []string) []string {
	quoted := regexp.MustCompile("`((?:kubectl|helm|coder|flux) [^`]*)`")
	var list []string
	for _, text := range texts {
		if bare := regexp.MustCompile("^(?:kubectl|helm|coder|flux) [^`]*$").FindString(text); bare != "" {
			list = append(list, bare)
		}
		for _, match := range quoted.FindAllStringSubmatch(text, -1) {
			list = append(list, match[1])
		}
	}
	return list
}

// pluginVerb returns the verb and its own flags from a command of the plugin that changes
// something.
func pluginVerb(command string) (string, bool) {
	rest, ok := strings.CutPrefix(command, "kubectl coder-satellite ")
	if !ok {
		return "", false
	}
	words := strings.Fields(rest)
	if !slices.Contains([]string{"migrate", "rollback", "retain", "remove", "finalize", "unlock"}, words[0]) {
		return "", false // it changes nothing
	}
	verb := words[:1]
	for i, word := range words[1:] {
		if slices.Contains([]string{"--remove-satellite", "--force"}, word) {
			verb = append(verb, word)
		}
		if slices.Contains([]string{"--networking-v2-was", "--provider"}, word) && i+2 < len(words) {
			verb = append(verb, word, words[i+2])
		}
	}
	if slices.Contains(verb, "--force") {
		verb = append(verb, "--reason", "walk")
	}
	return strings.Join(verb, " "), true
}

// obey runs a command from a message.
func (w *walker) obey(ctx context.Context, command string) string {
	words := strings.Fields(command)
	if strings.HasPrefix(command, "kubectl coder-satellite ") {
		return "nothing to do"
	}
	if words[0] == "flux" {
		return w.obeyFlux(ctx, words)
	}
	if words[0] == "coder" {
		if strings.HasPrefix(command, "coder satellites rm ") {
			did, err := deleteRegistration(ctx, w, w.views[0], step{})
			return fmt.Sprint(did, err)
		}
		for _, v := range w.views {
			if strings.HasPrefix(command, "coder workspaces rebuild canary-"+v.Name) {
				return fmt.Sprint(v.rebuildCanary(ctx))
			}
		}
		return "not obeyed"
	}
	done := w.lab.Run(ctx, nil, words[0], words[1:]...)
	return fmt.Sprintf("exit code %d %s", done.Code, lastLines(done.Stderr, 1))
}

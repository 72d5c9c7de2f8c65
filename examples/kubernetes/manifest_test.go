package main

import (
	"bytes"
	"net/url"
	"os"
	"path"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// manifest is deployment.yaml, in which every field is one that Kubernetes knows.
func manifest(t *testing.T) (account corev1.ServiceAccount, deployment appsv1.Deployment) {
	t.Helper()
	content, err := os.ReadFile("deployment.yaml")
	require.NoError(t, err)
	documents := bytes.Split(content, []byte("\n---\n"))
	require.Len(t, documents, 2)
	require.NoError(t, yaml.UnmarshalStrict(documents[0], &account))
	require.NoError(t, yaml.UnmarshalStrict(documents[1], &deployment))
	return account, deployment
}

// variables are those of the container.
func variables(t *testing.T) map[string]string {
	_, deployment := manifest(t)
	set := map[string]string{}
	for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
		set[variable.Name] = variable.Value
	}
	return set
}

// What an API server checks, and what would go wrong only when the pod runs.
func TestManifest_FitsTogether(t *testing.T) {
	account, deployment := manifest(t)
	require.Equal(t, "v1 ServiceAccount", account.APIVersion+" "+account.Kind)
	require.False(t, *account.AutomountServiceAccountToken)
	require.Equal(t, "apps/v1 Deployment", deployment.APIVersion+" "+deployment.Kind)
	template := deployment.Spec.Template
	require.Equal(t, deployment.Spec.Selector.MatchLabels, template.Labels)
	require.Equal(t, account.Name, template.Spec.ServiceAccountName)
	require.Len(t, template.Spec.Containers, 1)
	container := template.Spec.Containers[0]
	require.True(t, *template.Spec.SecurityContext.RunAsNonRoot)
	require.Equal(t, *template.Spec.SecurityContext.RunAsUser, *template.Spec.SecurityContext.FSGroup)

	// The token is where the program looks for it.
	require.Len(t, template.Spec.Volumes, 1)
	require.Len(t, container.VolumeMounts, 1)
	volume, mount := template.Spec.Volumes[0], container.VolumeMounts[0]
	require.Equal(t, volume.Name, mount.Name)
	require.True(t, mount.ReadOnly)
	require.Empty(t, mount.SubPath, "what is mounted with a subPath is never replaced")
	require.Len(t, volume.Projected.Sources, 1)
	projection := volume.Projected.Sources[0].ServiceAccountToken
	set := variables(t)
	require.Equal(t, set["TOKEN_FILE"], path.Join(mount.MountPath, projection.Path))
	require.GreaterOrEqual(t, *projection.ExpirationSeconds, int64(600), "Kubernetes makes none that live shorter")

	// Its audience is the authorization server, and not the cluster.
	audience, err := url.Parse(projection.Audience)
	require.NoError(t, err)
	endpoint, err := url.Parse(set["TOKEN_URL"])
	require.NoError(t, err)
	require.Equal(t, "https://"+endpoint.Host, audience.String())

	// The probes find the program.
	require.Len(t, container.Ports, 1)
	require.Equal(t, set["LISTEN"], ":"+strconv.Itoa(int(container.Ports[0].ContainerPort)))
	for _, probe := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe} {
		require.Equal(t, container.Ports[0].Name, probe.HTTPGet.Port.String())
	}
}

// The program reads what the manifest sets, and nothing else.
func TestManifest_SetsEveryVariable(t *testing.T) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	read := map[string]bool{}
	for _, match := range regexp.MustCompile(`os\.Getenv\("(\w+)"\)`).FindAllSubmatch(source, -1) {
		read[string(match[1])] = true
	}
	for name := range variables(t) {
		require.True(t, read[name], "%s is set, and not read", name)
		delete(read, name)
	}
	require.Empty(t, read, "read, and not set")
}

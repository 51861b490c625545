// What the bundler adds to the language: style sheets and static files may be imported.
/// <reference types="vite/client" />
